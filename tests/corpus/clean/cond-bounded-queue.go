// clean: producers and consumers hand a lock and two conditions to and fro, and all of them come to their end.
package main

import (
	"fmt"
	"sync"
)

type queue struct {
	mu              sync.Mutex
	filled, emptied *sync.Cond
	items           []int
}

func (q *queue) put(item int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 2 {
		q.emptied.Wait()
	}
	q.items = append(q.items, item)
	q.filled.Signal()
}

func (q *queue) take() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.filled.Wait()
	}
	item := q.items[0]
	q.items = q.items[1:]
	q.emptied.Signal()
	return item
}

func main() {
	q := &queue{}
	q.filled, q.emptied = sync.NewCond(&q.mu), sync.NewCond(&q.mu)
	go func() {
		for item := range 100 {
			q.put(item)
		}
	}()
	sum := 0
	for range 100 {
		sum += q.take()
	}
	fmt.Println(sum)
}
