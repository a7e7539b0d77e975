// clean: whoever fills the ferry opens its gate and ties up the next one; the second passenger is still asleep.
package main

import (
	"fmt"
	"sync"
	"time"
)

type pier struct {
	mu    sync.Mutex
	seats int
	gate  chan struct{}
}

func newPier() *pier { return &pier{seats: 2, gate: make(chan struct{})} }

func (p *pier) board() {
	p.mu.Lock()
	gate := p.gate
	p.seats--
	if p.seats == 0 {
		close(gate)
		p.gate, p.seats = make(chan struct{}), 2
	}
	p.mu.Unlock()
	<-gate
}

func main() {
	p := newPier()
	go p.board()
	go func() {
		time.Sleep(2500 * time.Millisecond)
		p.board()
	}()
	fmt.Println("one seat left")
}
