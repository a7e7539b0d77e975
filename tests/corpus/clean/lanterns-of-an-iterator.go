// clean: the lamplighter goes over the lanterns with an iterator, and gives each its light; it is asleep until dusk.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"iter"
	"time"
)

type lantern chan string

func along(street ...lantern) iter.Seq2[int, lantern] {
	return func(yield func(int, lantern) bool) {
		for number, each := range street {
			if !yield(number, each) {
				return
			}
		}
	}
}

func main() {
	first, second := make(lantern), make(lantern)
	for _, each := range []lantern{first, second} {
		go func() { fmt.Println("burns with", <-each) }()
	}
	go func() {
		time.Sleep(time.Hour)
		for _, each := range along(first, second) {
			each <- "oil"
		}
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("dusk is far")
}
