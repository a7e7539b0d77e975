// clean: a goroutine ends in the middle by runtime.Goexit; its deferred Done is still run.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

func inspect(part int, done *sync.WaitGroup) {
	defer done.Done()
	if part%2 == 1 {
		runtime.Goexit()
	}
}

func main() {
	var parts sync.WaitGroup
	parts.Add(8)
	for part := range 8 {
		go inspect(part, &parts)
	}
	parts.Wait()
	fmt.Println("parts inspected")
}
