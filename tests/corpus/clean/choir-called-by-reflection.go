// clean: a choir's singers are functions in a list of reflected values; who will give them their note is asleep.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"reflect"
	"time"
)

type choir struct{ singers []reflect.Value }

func (c *choir) join(singer any) { c.singers = append(c.singers, reflect.ValueOf(singer)) }

func (c *choir) sing(note any) {
	for _, singer := range c.singers {
		if singer.Type().In(0) == reflect.TypeOf(note) {
			singer.Call([]reflect.Value{reflect.ValueOf(note)})
		}
	}
}

type high string

type low int

type hall struct {
	heard chan string
	dark  chan struct{}
}

func (h *hall) soprano(note high) { h.heard <- string(note) }

func (h *hall) bass(low) { close(h.dark) }

func (h *hall) listen() {
	for {
		select {
		case note := <-h.heard:
			fmt.Println(note)
		case <-h.dark:
			return
		}
	}
}

func main() {
	h := &hall{make(chan string), make(chan struct{})}
	var c choir
	c.join(h.soprano)
	c.join(h.bass)
	go h.listen()
	c.sing(high("la"))
	go func() {
		time.Sleep(time.Hour)
		c.sing(low(1))
	}()
	fmt.Println("the hall is full")
}
