// clean: bathers wait for a lane of the pool, a channel behind an interface; those in the water swim for an hour.
// options: {"settle": 0.3}
// said: ["3 goroutines wait in `l <- struct{}{}` (line 18) for a receiver that has not come: what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
)

type limiter interface {
	Acquire()
	Release()
}

type lanes chan struct{}

func (l lanes) Acquire() { l <- struct{}{} }
func (l lanes) Release() { <-l }

func swim(l limiter, takes time.Duration) {
	l.Acquire()
	defer l.Release()
	time.Sleep(takes)
}

func main() {
	pool := make(lanes, 2)
	for range 5 {
		go swim(pool, time.Hour)
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the pool is full")
}
