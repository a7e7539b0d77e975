// clean: finalizers run in a goroutine of the runtime's, which waits for the next one for ever.
package main

import (
	"fmt"
	"runtime"
)

type handle struct{ name *string }

func open(name string, released chan<- string) {
	h := &handle{name: &name}
	runtime.SetFinalizer(h, func(h *handle) { released <- *h.name })
}

func main() {
	released := make(chan string, 1)
	open("camera", released)
	for {
		runtime.GC()
		select {
		case name := <-released:
			fmt.Println("released", name)
			return
		default:
		}
	}
}
