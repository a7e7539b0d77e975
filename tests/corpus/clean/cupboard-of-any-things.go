// clean: bells lie in a cupboard of any type, behind an iterator that is pulled, and behind what a log is written to.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"io"
	"iter"
	"log"
	"slices"
	"sync"
	"time"
)

type cupboard[K comparable, V any] struct{ things sync.Map }

func (c *cupboard[K, V]) put(key K, thing V) { c.things.Store(key, thing) }

func (c *cupboard[K, V]) each(do func(V)) {
	c.things.Range(func(_, thing any) bool {
		do(thing.(V))
		return true
	})
}

type horn struct{ blown chan string }

func (h horn) Write(text []byte) (int, error) {
	h.blown <- string(text)
	return len(text), nil
}

func main() {
	bells := &cupboard[string, chan int]{}
	bell := make(chan int)
	bells.put("door", bell)
	go func() { fmt.Println(<-bell) }()
	go func() {
		time.Sleep(time.Hour)
		bells.each(func(b chan int) { b <- 1 })
	}()

	gong := make(chan string)
	go func() { fmt.Println(<-gong) }()
	go func() {
		next, stop := iter.Pull(slices.Values([]func(){func() { gong <- "gong" }}))
		defer stop()
		time.Sleep(time.Hour)
		if strike, ok := next(); ok {
			strike()
		}
	}()

	h := horn{make(chan string)}
	log.SetOutput(io.Writer(h))
	go func() { fmt.Println(<-h.blown) }()
	go func() {
		time.Sleep(time.Hour)
		log.Print("midnight")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("nobody rings")
}
