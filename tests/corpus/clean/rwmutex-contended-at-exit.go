// clean: readers wait behind a writer, the writer behind a reader who sleeps 400 ms; then the queue dissolves.
package main

import (
	"fmt"
	"sync"
	"time"
)

func main() {
	var mu sync.RWMutex
	price := 10
	reading := make(chan struct{})
	go func() {
		mu.RLock()
		defer mu.RUnlock()
		close(reading)
		time.Sleep(400 * time.Millisecond)
	}()
	<-reading
	go func() {
		mu.Lock()
		defer mu.Unlock()
		price++
	}()
	time.Sleep(20 * time.Millisecond)
	for range 3 {
		go func() {
			mu.RLock()
			defer mu.RUnlock()
			_ = price
		}()
	}
	fmt.Println("prices are being revised")
}
