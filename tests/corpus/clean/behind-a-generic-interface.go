// clean: a bakery's shelves are generic, and are filled and shut through interfaces, one of them generic too; the baker is asleep.
// options: {"settle": 0.3}
// said: ["1 goroutine waits in `<-s.loaves` (line 18) for a value that has not come: what is still at work may yet wake it", "1 goroutine waits in `for range oven.loaves` (line 50) for a value or a close that has not come: what is still at work may yet wake it"]
package main

import (
	"fmt"
	"io"
	"time"
)

type shelf[K comparable, V any] struct {
	prices map[K]int
	loaves chan V
}

func (s *shelf[K, V]) sell() {
	<-s.loaves
}

func (s *shelf[K, V]) Put(loaf V) { s.loaves <- loaf }

func (s *shelf[K, V]) Close() error {
	close(s.loaves)
	return nil
}

type Filler[T any] interface{ Put(T) }

type tray struct{ loaves chan string }

func (t tray) Put(loaf string) { t.loaves <- loaf }

func bake[T any](into Filler[T], loaf T) {
	time.Sleep(time.Hour)
	into.Put(loaf)
}

func newShelf[K comparable, V any]() *shelf[K, V] {
	s := &shelf[K, V]{prices: map[K]int{}, loaves: make(chan V)}
	go s.sell()
	return s
}

func main() {
	shut := []io.Closer{newShelf[string, int]()}
	oven := tray{make(chan string)}
	go bake[string](oven, "rye")
	go func() {
		for range oven.loaves {
		}
	}()
	go func() {
		time.Sleep(time.Hour)
		for _, each := range shut {
			each.Close()
		}
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("five in the morning")
}
