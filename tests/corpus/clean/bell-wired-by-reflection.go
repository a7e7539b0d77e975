// clean: a bell's button is a function that reflection makes and puts into its field; who will press it is asleep.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"reflect"
	"time"
)

type panel struct {
	Ring  func(name string)
	Leave func()
}

type press struct {
	button string
	seen   chan struct{}
}

func wire(to any, presses chan<- press) {
	buttons := reflect.ValueOf(to).Elem()
	for i := range buttons.NumField() {
		name := buttons.Type().Field(i).Name
		buttons.Field(i).Set(reflect.MakeFunc(buttons.Field(i).Type(), func([]reflect.Value) []reflect.Value {
			seen := make(chan struct{})
			presses <- press{name, seen}
			<-seen
			return nil
		}))
	}
}

func janitor(presses <-chan press) {
	for p := range presses {
		fmt.Println(p.button)
		close(p.seen)
		if p.button == "Leave" {
			return
		}
	}
}

func main() {
	presses := make(chan press)
	var p panel
	wire(&p, presses)
	go janitor(presses)
	p.Ring("Ada")
	go func() {
		time.Sleep(time.Hour)
		p.Leave()
	}()
	fmt.Println("the janitor listens")
}
