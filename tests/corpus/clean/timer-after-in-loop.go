// clean: each turn of the loop leaves a time.After pending; these are timers, not goroutines.
package main

import (
	"fmt"
	"time"
)

func main() {
	orders := make(chan int)
	go func() {
		defer close(orders)
		for order := range 50 {
			orders <- order
		}
	}()
	count := 0
	for {
		select {
		case _, open := <-orders:
			if !open {
				fmt.Println("orders:", count)
				return
			}
			count++
		case <-time.After(time.Minute):
			fmt.Println("no orders for a minute")
		}
	}
}
