// deterministic: sleeping goroutines, timers and tickers that come one after another.
package main

import (
	"fmt"
	"time"
)

func main() {
	steps := make(chan string)
	time.AfterFunc(60*time.Millisecond, func() { steps <- "timer" })
	go func() {
		time.Sleep(20 * time.Millisecond)
		steps <- "sleeper"
	}()
	fmt.Println(<-steps)
	fmt.Println(<-steps)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for tick := range 3 {
		<-ticker.C
		fmt.Println("tick", tick)
	}
}
