// clean: many senders, one channel, and a goroutine that closes it when the last of them is through.
package main

import (
	"fmt"
	"sync"
)

func merge(sources ...<-chan int) <-chan int {
	out := make(chan int)
	var open sync.WaitGroup
	open.Add(len(sources))
	for _, source := range sources {
		go func() {
			defer open.Done()
			for value := range source {
				out <- value
			}
		}()
	}
	go func() {
		open.Wait()
		close(out)
	}()
	return out
}

func upTo(limit int) <-chan int {
	out := make(chan int, limit)
	defer close(out)
	for n := range limit {
		out <- n
	}
	return out
}

func main() {
	sum := 0
	for value := range merge(upTo(10), upTo(20), upTo(30)) {
		sum += value
	}
	fmt.Println(sum)
}
