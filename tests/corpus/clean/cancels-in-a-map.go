// clean: a hotel keeps the functions that end its guests' wake-up calls in a map; the night porter goes through it at noon.
// options: {"settle": 0.3}
// said: ["2 goroutines wait in `<-ctx.Done()` (line 20) for a value that has not come: what is still at work may yet wake it"]
package main

import (
	"context"
	"fmt"
	"time"
)

type hotel struct {
	checkOut map[int]context.CancelFunc
}

func (h *hotel) checkIn(room int) {
	ctx, cancel := context.WithCancel(context.Background())
	h.checkOut[room] = cancel
	go func() {
		<-ctx.Done()
	}()
}

func (h *hotel) noon() {
	time.Sleep(time.Hour)
	for room, leave := range h.checkOut {
		fmt.Println("room", room, "is free")
		leave()
	}
}

func main() {
	h := &hotel{checkOut: map[int]context.CancelFunc{}}
	h.checkIn(7)
	h.checkIn(12)
	go h.noon()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("do not disturb")
}
