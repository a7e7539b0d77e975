// clean: the goroutine that reads a stopped ticker also listens to done.
package main

import (
	"fmt"
	"time"
)

type clock struct {
	ticker *time.Ticker
	done   chan struct{}
	ticks  chan int
}

func newClock() *clock {
	c := &clock{time.NewTicker(2 * time.Millisecond), make(chan struct{}), make(chan int)}
	go c.run()
	return c
}

func (c *clock) run() {
	for tick := 1; ; tick++ {
		select {
		case <-c.ticker.C:
			select {
			case c.ticks <- tick:
			case <-c.done:
				return
			}
		case <-c.done:
			return
		}
	}
}

func (c *clock) stop() {
	c.ticker.Stop()
	close(c.done)
}

func main() {
	c := newClock()
	for range 3 {
		fmt.Println("tick", <-c.ticks)
	}
	c.stop()
}
