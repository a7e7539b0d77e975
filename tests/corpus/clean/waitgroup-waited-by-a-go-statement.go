// clean: `go wg.Wait()` and the like: the goroutine has no frame of the user's.
// options: {"settle": 0.3}
package main

import (
	"sync"
	"time"
)

func main() {
	var guests sync.WaitGroup
	guests.Add(1)
	go func() {
		defer guests.Done()
		time.Sleep(time.Hour)
	}()
	go guests.Wait()
	time.Sleep(20 * time.Millisecond)
}
