// clean: the usual watchdog: each kick stops, drains and resets the timer, which then runs.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"time"
)

type watchdog struct {
	timer *time.Timer
	kick  chan struct{}
}

func (d *watchdog) guard() {
	for {
		select {
		case <-d.timer.C:
			fmt.Println("bark")
			return
		case <-d.kick:
			if !d.timer.Stop() {
				<-d.timer.C
			}
			d.timer.Reset(time.Hour)
		}
	}
}

func main() {
	d := &watchdog{time.NewTimer(time.Hour), make(chan struct{})}
	go d.guard()
	d.kick <- struct{}{}
	time.Sleep(20 * time.Millisecond)
}
