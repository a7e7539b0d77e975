// clean: who enters the fitting room is given the function that leaves it; one is still trying things on.
// options: {"settle": 0.3}
// said: ["2 goroutines wait in `r.curtain.Lock()` (line 18) for a lock that was not released: what is still at work may yet wake it"]
package main

import (
	"fmt"
	"sync"
	"time"
)

type fittingRoom struct {
	curtain sync.Mutex
}

// enter waits for the room and returns how to leave it.
func (r *fittingRoom) enter() (leave func()) {
	r.curtain.Lock()
	return r.curtain.Unlock
}

func (r *fittingRoom) tryOn(takes time.Duration) {
	leave := r.enter()
	defer leave()
	time.Sleep(takes)
}

func main() {
	r := &fittingRoom{}
	go r.tryOn(time.Hour)
	time.Sleep(20 * time.Millisecond)
	for range 2 {
		go r.tryOn(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("two are waiting")
}
