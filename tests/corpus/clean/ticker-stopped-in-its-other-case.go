// clean: the Stop stands in the very select in which it waits, and has not run.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"time"
)

func chime(quit <-chan struct{}) {
	ticker := time.NewTicker(time.Hour)
	for {
		select {
		case <-ticker.C:
			fmt.Println("dong")
		case <-quit:
			ticker.Stop()
			return
		}
	}
}

func main() {
	go chime(make(chan struct{}))
	time.Sleep(20 * time.Millisecond)
}
