// clean: a lease is given up and taken again by methods of its own; its timer runs on.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"time"
)

type lease struct{ timer *time.Timer }

func (l *lease) giveUp() { l.timer.Stop() }
func (l *lease) take()   { l.timer.Reset(time.Hour) }

func main() {
	l := &lease{time.NewTimer(time.Hour)}
	go func() {
		<-l.timer.C
		fmt.Println("expired")
	}()
	l.giveUp()
	l.take()
}
