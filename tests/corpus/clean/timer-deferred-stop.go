// clean: a lift waits for a call or for its timer, to go down by itself; the timer's Stop is deferred and has not run.
// options: {"settle": 0.3}
// said: ["`timer` (line 17) may yet fire"]
package main

import (
	"fmt"
	"time"
)

type lift struct {
	calls chan int
	floor int
}

func (l *lift) wait(rest time.Duration) {
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case l.floor = <-l.calls:
	case <-timer.C:
		l.floor = 0
	}
}

func main() {
	l := &lift{calls: make(chan int), floor: 7}
	go l.wait(time.Hour)
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the lift stands at floor 7")
}
