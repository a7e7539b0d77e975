// clean: a goroutine that owns its thread serves calls until its queue is closed.
package main

import (
	"fmt"
	"runtime"
)

type display struct {
	calls chan func()
	gone  chan struct{}
}

func open() *display {
	d := &display{make(chan func()), make(chan struct{})}
	go func() {
		runtime.LockOSThread()
		defer close(d.gone)
		for call := range d.calls {
			call()
		}
	}()
	return d
}

func main() {
	d := open()
	painted := make(chan string)
	for _, colour := range []string{"red", "blue"} {
		d.calls <- func() { go func() { painted <- colour }() }
		fmt.Println(<-painted)
	}
	close(d.calls)
	<-d.gone
}
