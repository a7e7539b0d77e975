// clean: goroutines that sleep at the end wake up by themselves one day.
package main

import (
	"fmt"
	"time"
)

func main() {
	for _, pause := range []time.Duration{time.Minute, time.Hour} {
		go func() {
			time.Sleep(pause)
		}()
	}
	fmt.Println("good night")
}
