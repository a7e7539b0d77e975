// clean: thirty goroutines queue for three slots; each gives its slot back.
package main

import (
	"fmt"
	"sync"
	"time"
)

func main() {
	slots := make(chan struct{}, 3)
	var cars sync.WaitGroup
	for range 30 {
		cars.Add(1)
		go func() {
			defer cars.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			time.Sleep(time.Millisecond)
		}()
	}
	cars.Wait()
	fmt.Println("all cars washed")
}
