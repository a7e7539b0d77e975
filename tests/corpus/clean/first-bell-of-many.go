// clean: whichever bell rings first is heard, by a function that calls itself with its own answer; all bells are slow.
package main

import (
	"fmt"
	"time"
)

func first(bells ...<-chan struct{}) <-chan struct{} {
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		if len(bells) == 2 {
			select {
			case <-bells[0]:
			case <-bells[1]:
			}
			return
		}
		select {
		case <-bells[0]:
		case <-bells[1]:
		case <-first(append(bells[2:], heard)...):
		}
	}()
	return heard
}

func bell(after time.Duration) <-chan struct{} {
	rung := make(chan struct{})
	go func() {
		defer close(rung)
		time.Sleep(after)
	}()
	return rung
}

func main() {
	heard := first(bell(2500*time.Millisecond), bell(2600*time.Millisecond), bell(2700*time.Millisecond))
	go func() {
		<-heard
	}()
	fmt.Println("listening")
}
