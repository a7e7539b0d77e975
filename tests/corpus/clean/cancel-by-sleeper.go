// clean: night watchmen walk until their context ends; who cancels it at dawn is asleep until then.
// options: {"settle": 0.3}
// said: ["2 goroutines wait in a `select` (line 14) for a case that has not come: what is still at work may yet wake it"]
package main

import (
	"context"
	"fmt"
	"time"
)

func watchman(ctx context.Context, alarms <-chan string) {
	for {
		select {
		case alarm := <-alarms:
			fmt.Println("alarm:", alarm)
		case <-ctx.Done():
			return
		}
	}
}

func dawn(hours time.Duration, endShift context.CancelFunc) {
	time.Sleep(hours * time.Hour)
	endShift()
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	alarms := make(chan string)
	for range 2 {
		go watchman(ctx, alarms)
	}
	go dawn(8, cancel)
	time.Sleep(20 * time.Millisecond)
	fmt.Println("good night")
}
