// clean: a receiver is blocked for half a second after main's end, while the sender is busy and has said nothing yet.
package main

import (
	"fmt"
	"time"
)

func compute(result chan<- int) {
	sum := 0
	for started := time.Now(); time.Since(started) < 500*time.Millisecond; {
		sum++
	}
	result <- sum
}

func main() {
	result := make(chan int)
	go compute(result)
	go func() { <-result }()
	fmt.Println("computing")
}
