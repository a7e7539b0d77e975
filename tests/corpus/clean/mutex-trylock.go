// clean: nobody ever blocks on this lock, they try it and come back later.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	var bathroom sync.Mutex
	var used atomic.Int64
	var guests sync.WaitGroup
	for range 6 {
		guests.Add(1)
		go func() {
			defer guests.Done()
			for !bathroom.TryLock() {
				time.Sleep(time.Millisecond)
			}
			defer bathroom.Unlock()
			used.Add(1)
			time.Sleep(2 * time.Millisecond)
		}()
	}
	guests.Wait()
	fmt.Println("guests:", used.Load())
}
