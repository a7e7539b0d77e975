// clean: a thousand goroutines wait each for its neighbour; one push at the end frees the whole chain.
package main

import "fmt"

func pass(left chan<- int, right <-chan int) {
	left <- 1 + <-right
}

func main() {
	first := make(chan int)
	left, right := first, first
	for range 1000 {
		right = make(chan int)
		go pass(left, right)
		left = right
	}
	go func() { right <- 0 }()
	fmt.Println(<-first)
}
