// clean: ten callers wait for one flight to the slow source; all get its answer.
package main

import (
	"fmt"
	"sync"
	"time"
)

type flight struct {
	landed chan struct{}
	cargo  string
}

type tower struct {
	mu      sync.Mutex
	flights map[string]*flight
	started int
}

func (t *tower) fetch(key string) string {
	t.mu.Lock()
	f, flying := t.flights[key]
	if !flying {
		f = &flight{landed: make(chan struct{})}
		t.flights[key] = f
		t.started++
		go func() {
			time.Sleep(30 * time.Millisecond)
			f.cargo = "crate of " + key
			close(f.landed)
		}()
	}
	t.mu.Unlock()
	<-f.landed
	return f.cargo
}

func main() {
	t := &tower{flights: map[string]*flight{}}
	var callers sync.WaitGroup
	for range 10 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			t.fetch("figs")
		}()
	}
	callers.Wait()
	fmt.Println("flights:", t.started)
}
