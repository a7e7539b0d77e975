// clean: the cleaner locks the hall and leaves; a timer gives it back when the floor is dry.
// options: {"settle": 0.3}
// said: ["a timer may yet come to line 19"]
package main

import (
	"fmt"
	"sync"
	"time"
)

type hall struct {
	wet    sync.Mutex
	guests int
}

func (h *hall) mop(dries time.Duration) {
	h.wet.Lock()
	time.AfterFunc(dries, h.wet.Unlock)
}

func (h *hall) enter() {
	h.wet.Lock()
	defer h.wet.Unlock()
	h.guests++
}

func main() {
	h := &hall{}
	h.mop(time.Hour)
	for range 2 {
		go h.enter()
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("mind the wet floor")
}
