// clean: os.Exit(0) cuts main short while a goroutine still copies; deferred calls do not run, nothing is stuck.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	defer fmt.Println("never printed")
	copied := make(chan string, 1)
	go func() {
		time.Sleep(200 * time.Millisecond)
		copied <- "holiday.mov"
	}()
	fmt.Println("leaving in a hurry")
	os.Exit(0)
}
