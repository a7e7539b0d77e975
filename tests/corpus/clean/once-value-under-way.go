// clean: the first reader of the will breaks the seal, slowly; the other heirs wait inside of sync.OnceValue for the text.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"sync"
	"time"
)

var will = sync.OnceValue(func() string {
	time.Sleep(time.Hour)
	return "all goes to the cat"
})

func heir(name string) {
	fmt.Println(name, "reads:", will())
}

func main() {
	for _, name := range []string{"uncle", "niece", "cat"} {
		go heir(name)
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the notary clears his throat")
}
