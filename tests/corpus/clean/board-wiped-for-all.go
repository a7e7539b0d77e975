// clean: a change of the board wakes all who look at it: the old channel is closed after the new one was made.
package main

import (
	"fmt"
	"sync"
	"time"
)

type board struct {
	mu      sync.Mutex
	text    string
	changed chan struct{}
}

func (b *board) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

func (b *board) write(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.changed
	b.text, b.changed = text, make(chan struct{})
	if before != nil {
		close(before)
	}
}

func main() {
	b := &board{}
	b.write("delayed")
	go func() {
		<-b.next()
	}()
	go func() {
		time.Sleep(2500 * time.Millisecond)
		b.write("boarding")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("delayed")
}
