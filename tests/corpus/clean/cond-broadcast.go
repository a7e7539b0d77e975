// clean: many goroutines wait on a condition; Broadcast wakes them all, and some are still being woken at main's end.
package main

import (
	"fmt"
	"sync"
)

func main() {
	var mu sync.Mutex
	gate := sync.NewCond(&mu)
	open := false
	var arrived sync.WaitGroup
	for range 50 {
		arrived.Add(1)
		go func() {
			mu.Lock()
			defer mu.Unlock()
			arrived.Done()
			for !open {
				gate.Wait()
			}
		}()
	}
	arrived.Wait()
	mu.Lock()
	open = true
	mu.Unlock()
	gate.Broadcast()
	fmt.Println("gate open")
}
