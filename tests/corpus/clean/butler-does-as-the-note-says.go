// clean: a butler sleeps, and will then do by reflection what his note says.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

type House struct {
	tea  chan string
	shut chan struct{}
}

func (h *House) Serve() { h.tea <- "green" }

func (h *House) Lock() { close(h.shut) }

func (h *House) guest() {
	for {
		select {
		case kind := <-h.tea:
			fmt.Println(kind, "tea")
		case <-h.shut:
			return
		}
	}
}

func butler(house any, note string) {
	of := reflect.ValueOf(house)
	for _, order := range strings.Fields(note) {
		time.Sleep(time.Hour)
		of.MethodByName(order).Call(nil)
	}
}

func main() {
	house := &House{make(chan string), make(chan struct{})}
	go house.guest()
	go butler(house, "Serve Lock")
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the butler is asleep")
}
