// clean: nothing but a weak pointer leads from the alarm clock to the sleeper, and the sleeper holds what it points to.
// go: "1.24"
package main

import (
	"fmt"
	"runtime"
	"time"
	"weak"
)

type bed struct {
	bell   chan struct{}
	nights int
}

func (b *bed) sleep() {
	<-b.bell
	b.nights++
	runtime.KeepAlive(b)
}

func main() {
	hotel := &bed{bell: make(chan struct{})}
	room := weak.Make(hotel)
	go hotel.sleep()
	time.AfterFunc(400*time.Millisecond, func() {
		if bed := room.Value(); bed != nil {
			close(bed.bell)
		}
	})
	fmt.Println("good night")
}
