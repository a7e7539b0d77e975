// clean: who rings is told by name: a method, or a function in a field, that reflection finds.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"reflect"
	"time"
)

type tower struct{ bell chan string }

func (t *tower) Ring(tune string) { t.bell <- tune }

type rites struct{ Dusk, Night func() }

func hold(all any) {
	fields := reflect.ValueOf(all).Elem()
	for i := range fields.NumField() {
		if rite, ok := fields.Field(i).Interface().(func()); ok {
			rite()
		}
	}
}

func main() {
	t := &tower{make(chan string)}
	gate := make(chan struct{})
	r := &rites{Dusk: func() { fmt.Println("dusk") }, Night: func() { close(gate) }}
	go func() { fmt.Println(<-t.bell) }()
	go func() { <-gate }()
	go func() {
		time.Sleep(time.Hour)
		reflect.ValueOf(t).MethodByName("Ring").Call([]reflect.Value{reflect.ValueOf("slow")})
	}()
	go func() {
		time.Sleep(time.Hour)
		hold(r)
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("silence")
}
