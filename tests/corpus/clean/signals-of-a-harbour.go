// clean: a harbour's signals are functions and channels with a method, kept in lists of an interface; the pilot who gives them is asleep.
// options: {"settle": 0.3}
// said: ["waits in `<-ebb` (line 25) for a value that has not come: what is still at work may yet wake it", "waits in `<-fog` (line 28) for a value that has not come: what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
)

type signal interface{ give() }

type call func()

func (c call) give() { c() }

type horn chan struct{}

func (h horn) give() { close(h) }

func main() {
	ebb, fog := make(chan int), make(horn)
	signals := map[string]signal{"silence": call(func() {}), "ebb": call(func() { close(ebb) }), "fog": fog}
	go func() {
		<-ebb
	}()
	go func() {
		<-fog
	}()
	go func() {
		time.Sleep(time.Hour)
		for _, each := range signals {
			each.give()
		}
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("high water")
}
