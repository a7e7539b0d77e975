// clean: a limiter's refill goroutine ticks in the background and ends when the limiter is closed.
package main

import (
	"fmt"
	"time"
)

type limiter struct {
	permits chan struct{}
	closed  chan struct{}
}

func newLimiter(every time.Duration, burst int) *limiter {
	l := &limiter{permits: make(chan struct{}, burst), closed: make(chan struct{})}
	go func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				select {
				case l.permits <- struct{}{}:
				default: // full
				}
			case <-l.closed:
				return
			}
		}
	}()
	return l
}

func (l *limiter) wait() { <-l.permits }

func (l *limiter) close() { close(l.closed) }

func main() {
	l := newLimiter(3*time.Millisecond, 2)
	defer l.close()
	for call := range 5 {
		l.wait()
		fmt.Println("call", call)
	}
}
