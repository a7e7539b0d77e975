// clean: a newsletter keeps its readers by weak pointers only; it will still reach the one who waits at the letter box.
// go: "1.24"
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
	"weak"
)

type reader struct {
	box chan string
}

func (r *reader) wait() {
	fmt.Println("reads", <-r.box)
}

type newsletter struct {
	readers []weak.Pointer[reader]
}

func (n *newsletter) subscribe() *reader {
	r := &reader{box: make(chan string)}
	n.readers = append(n.readers, weak.Make(r))
	return r
}

func (n *newsletter) publish(issue string) {
	for _, each := range n.readers {
		if r := each.Value(); r != nil {
			r.box <- issue
		}
	}
}

func main() {
	n := &newsletter{}
	go n.subscribe().wait()
	go func() {
		time.Sleep(time.Hour)
		n.publish("summer issue")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("at the printer's")
}
