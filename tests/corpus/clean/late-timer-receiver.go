// clean: after main has returned, a goroutine still waits on a channel for 800 ms; the timer behind it will fire.
package main

import (
	"fmt"
	"time"
)

func remind(dish string, after time.Duration) {
	<-time.After(after)
	_ = "take the " + dish + " out"
}

func main() {
	go remind("bread", 800*time.Millisecond)
	go remind("cake", 400*time.Millisecond)
	fmt.Println("oven is on")
}
