// clean: a trunk of any things holds another trunk of any things, with a toy that squeaks when the trunk is printed.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
)

type toy struct{ squeaks chan string }

func (t toy) String() string { t.squeaks <- "squeak"; return "toy" }

type trunk map[string]any

func main() {
	duck := toy{make(chan string)}
	go func() { fmt.Println(<-duck.squeaks) }()
	var inner any = []any{"sock", trunk{"lid": []any{duck}}}
	go func() {
		time.Sleep(time.Hour)
		fmt.Println(trunk{"bottom": inner})
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the attic is dark")
}
