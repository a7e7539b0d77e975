// clean: a debounce stops the old timer and makes a new one in its place; the new one runs.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"time"
)

func debounce(keys <-chan rune) {
	var timer *time.Timer
	var fire <-chan time.Time
	for {
		select {
		case <-keys:
			if timer != nil {
				timer.Stop()
			}
			timer = time.NewTimer(time.Hour)
			fire = timer.C
		case <-fire:
			fmt.Println("saved")
			fire = nil
		}
	}
}

func main() {
	keys := make(chan rune)
	go debounce(keys)
	keys <- 'a'
	time.Sleep(20 * time.Millisecond)
}
