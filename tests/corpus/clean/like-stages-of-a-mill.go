// clean: a mill sends its grain through two sieves, both of one function; the miller has only sat down for a moment.
package main

import (
	"fmt"
	"time"
)

func grind() <-chan int {
	flour := make(chan int)
	go func() {
		defer close(flour)
		for sack := range 3 {
			time.Sleep(1500 * time.Millisecond)
			flour <- sack
		}
	}()
	return flour
}

func sieve(coarse <-chan int) <-chan int {
	fine := make(chan int)
	go func() {
		defer close(fine)
		for sack := range coarse {
			fine <- sack
		}
	}()
	return fine
}

func main() {
	bin := sieve(sieve(grind()))
	go func() {
		for range bin {
		}
	}()
	fmt.Println("the wheel turns")
}
