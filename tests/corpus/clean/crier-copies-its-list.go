// clean: a town crier copies the list of those who listen before it calls to them; it sleeps until noon.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
)

type square struct{ listeners []chan string }

func (s *square) present() []chan string {
	all := make([]chan string, len(s.listeners))
	copy(all, s.listeners)
	return all
}

func (s *square) call(news string) {
	for _, listener := range s.present() {
		listener <- news
	}
}

func main() {
	var s square
	for range 2 {
		ears := make(chan string)
		s.listeners = append(s.listeners, ears)
		go func() { fmt.Println("heard:", <-ears) }()
	}
	go func() {
		time.Sleep(time.Hour)
		s.call("noon")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the square is quiet")
}
