// clean: a goroutine polls with select and default until it is told to end, 300 ms after main's return.
package main

import (
	"fmt"
	"time"
)

func main() {
	quit := make(chan struct{})
	go func() {
		for {
			select {
			case <-quit:
				return
			default:
				time.Sleep(time.Millisecond)
			}
		}
	}()
	time.AfterFunc(300*time.Millisecond, func() { close(quit) })
	fmt.Println("polling")
}
