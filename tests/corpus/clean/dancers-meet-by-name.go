// clean: the first dancer of a pair leaves a channel in the book and waits, the second, who comes late, closes it.
package main

import (
	"fmt"
	"sync"
	"time"
)

var (
	mu   sync.Mutex
	book = map[string]chan struct{}{}
)

func dance(pair string) {
	mu.Lock()
	partner, waiting := book[pair]
	if !waiting {
		partner = make(chan struct{})
		book[pair] = partner
		mu.Unlock()
		<-partner
		return
	}
	delete(book, pair)
	close(partner)
	mu.Unlock()
}

func main() {
	go dance("waltz")
	go func() {
		time.Sleep(2500 * time.Millisecond)
		dance("waltz")
	}()
	fmt.Println("the band tunes up")
}
