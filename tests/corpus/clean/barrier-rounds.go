// clean: rowers wait for one another at every stroke; a barrier blocks all but the last, again and again.
package main

import (
	"fmt"
	"sync"
)

type barrier struct {
	mu      sync.Mutex
	all     *sync.Cond
	size    int
	waiting int
	round   int
}

func (b *barrier) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	round := b.round
	b.waiting++
	if b.waiting == b.size {
		b.waiting = 0
		b.round++
		b.all.Broadcast()
		return
	}
	for round == b.round {
		b.all.Wait()
	}
}

func main() {
	b := &barrier{size: 4}
	b.all = sync.NewCond(&b.mu)
	var rowers sync.WaitGroup
	for range b.size {
		rowers.Add(1)
		go func() {
			defer rowers.Done()
			for range 100 {
				b.wait()
			}
		}()
	}
	rowers.Wait()
	fmt.Println("strokes:", b.round)
}
