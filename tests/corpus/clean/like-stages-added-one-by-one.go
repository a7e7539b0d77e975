// clean: every new lock of a canal is a stage before the next; the ship that all of them wait for comes late.
package main

import (
	"fmt"
	"time"
)

func upstream() <-chan int {
	river := make(chan int)
	go func() {
		for ship := 0; ; ship++ {
			river <- ship
			if ship == 3 {
				time.Sleep(2500 * time.Millisecond)
			}
		}
	}()
	return river
}

func pass(from <-chan int, to chan<- int, first int) {
	for ship := range from {
		if ship > first {
			to <- ship
		}
	}
}

func main() {
	water := upstream()
	go func() {
		for {
			first := <-water
			below := make(chan int)
			go pass(water, below, first)
			water = below
		}
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the canal is being dug")
}
