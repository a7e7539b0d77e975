// clean: ten thousand goroutines come and go, and a peak is no leak.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

func main() {
	var bees sync.WaitGroup
	var honey atomic.Int64
	start := make(chan struct{})
	for range 10_000 {
		bees.Add(1)
		go func() {
			defer bees.Done()
			<-start
			honey.Add(1)
		}()
	}
	close(start)
	bees.Wait()
	fmt.Println("drops:", honey.Load())
}
