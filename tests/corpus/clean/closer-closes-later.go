// clean: a shop's guests stay until it closes; the caretaker knows it as an io.Closer only, and comes in the evening.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"io"
	"time"
)

type shop struct {
	closed chan struct{}
}

func (s *shop) Close() error {
	close(s.closed)
	return nil
}

func (s *shop) guest() {
	<-s.closed
}

func caretaker(rounds ...io.Closer) {
	time.Sleep(time.Hour)
	for _, each := range rounds {
		each.Close()
	}
}

func main() {
	s := &shop{closed: make(chan struct{})}
	for range 4 {
		go s.guest()
	}
	go caretaker(s)
	time.Sleep(20 * time.Millisecond)
	fmt.Println("browsing")
}
