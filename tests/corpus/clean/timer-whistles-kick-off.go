// clean: players wait on a Cond for the kick-off; the referee's whistle is a timer that broadcasts.
// options: {"settle": 0.3}
// said: ["a timer may yet come to line 22"]
package main

import (
	"fmt"
	"sync"
	"time"
)

type match struct {
	mu      sync.Mutex
	whistle *sync.Cond
	begun   bool
}

func (m *match) kickOff() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begun = true
	m.whistle.Broadcast()
}

func (m *match) play() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !m.begun {
		m.whistle.Wait()
	}
}

func main() {
	m := &match{}
	m.whistle = sync.NewCond(&m.mu)
	for range 11 {
		go m.play()
	}
	time.AfterFunc(time.Hour, m.kickOff)
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the teams are on the pitch")
}
