// clean: photos are developed while the customers wait for them in a future's Get; the lab takes an hour.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
)

type future[T any] struct {
	done  chan struct{}
	value T
}

func begin[T any](work func() T) *future[T] {
	f := &future[T]{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		f.value = work()
	}()
	return f
}

func (f *future[T]) Get() T {
	<-f.done
	return f.value
}

func main() {
	photos := begin(func() []string {
		time.Sleep(time.Hour)
		return []string{"beach", "dunes"}
	})
	for range 2 {
		go func() { fmt.Println(photos.Get()) }()
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("come back later")
}
