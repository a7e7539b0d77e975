// clean: a shop closes its shutters from the last to the first, by what a function of the library makes of its list.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"slices"
	"time"
)

type shop struct {
	shutters []func()
	bells    map[string][]func(string)
}

func (s *shop) close() {
	for _, shut := range slices.Backward(s.shutters) {
		defer shut()
	}
	for _, ring := range slices.Clone(s.bells["evening"]) {
		ring("closing time")
	}
}

func main() {
	s := &shop{bells: map[string][]func(string){}}
	dark, called := make(chan struct{}), make(chan string)
	s.shutters = append(s.shutters, func() { close(dark) })
	s.bells["evening"] = append(s.bells["evening"], func(call string) { called <- call })
	go func() { fmt.Println(<-called) }()
	go func() {
		<-dark
		fmt.Println("good night")
	}()
	go func() {
		time.Sleep(time.Hour)
		s.close()
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("still open")
}
