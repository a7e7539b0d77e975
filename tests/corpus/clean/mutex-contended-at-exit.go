// clean: five goroutines queue for a lock when main returns; its holder sleeps, then hands it on.
package main

import (
	"fmt"
	"sync"
	"time"
)

type printer struct {
	mu    sync.Mutex
	pages int
}

func (p *printer) print(takes time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	time.Sleep(takes)
	p.pages++
}

func main() {
	p := &printer{}
	started := make(chan struct{})
	go func() {
		close(started)
		p.print(300 * time.Millisecond)
	}()
	<-started
	for range 5 {
		go p.print(20 * time.Millisecond)
	}
	fmt.Println("jobs are in the queue")
}
