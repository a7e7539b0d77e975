// clean: who is to stop the clock sleeps until the night, so that it ticks on until then.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"time"
)

func main() {
	clock := time.NewTicker(2 * time.Second)
	night := make(chan struct{})
	go func() {
		for {
			select {
			case <-clock.C:
				fmt.Println("tick")
			case <-night:
				return
			}
		}
	}()
	go func() {
		for range clock.C {
			fmt.Println("tock")
		}
	}()
	go func() {
		time.Sleep(time.Hour)
		clock.Stop()
		close(night)
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("a quiet shop")
}
