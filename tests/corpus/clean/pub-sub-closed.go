// clean: the hub lives in a package variable, and closing it ends every subscriber.
package main

import (
	"fmt"
	"sync"
)

type hub struct {
	mu          sync.Mutex
	subscribers []chan string
	reading     sync.WaitGroup
}

var news hub

func (h *hub) subscribe(read func(string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	inbox := make(chan string, 4)
	h.subscribers = append(h.subscribers, inbox)
	h.reading.Add(1)
	go func() {
		defer h.reading.Done()
		for item := range inbox {
			read(item)
		}
	}()
}

func (h *hub) publish(item string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, inbox := range h.subscribers {
		inbox <- item
	}
}

func (h *hub) close() {
	for _, inbox := range h.subscribers {
		close(inbox)
	}
	h.reading.Wait()
}

func main() {
	var mu sync.Mutex
	read := 0
	for range 5 {
		news.subscribe(func(string) {
			mu.Lock()
			defer mu.Unlock()
			read++
		})
	}
	news.publish("market opens")
	news.publish("market closes")
	news.close()
	fmt.Println("read:", read)
}
