// clean: a janitor looks after a cache every few milliseconds for as long as the process lives.
package main

import (
	"fmt"
	"sync"
	"time"
)

type cache struct {
	mu      sync.Mutex
	expires map[string]time.Time
}

func (c *cache) sweep() {
	for {
		time.Sleep(10 * time.Millisecond)
		c.mu.Lock()
		for key, at := range c.expires {
			if time.Now().After(at) {
				delete(c.expires, key)
			}
		}
		c.mu.Unlock()
	}
}

func main() {
	c := &cache{expires: map[string]time.Time{"menu": time.Now()}}
	go c.sweep()
	for {
		c.mu.Lock()
		left := len(c.expires)
		c.mu.Unlock()
		if left == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	fmt.Println("cache is empty")
}
