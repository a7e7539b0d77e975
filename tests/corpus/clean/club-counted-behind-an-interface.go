// clean: a club counts through an interface, a WaitGroup behind it; its last member is asleep.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"sync"
	"time"
)

type Club interface {
	Add(members int)
	Done()
	Wait()
}

func join(club Club, stays time.Duration) {
	club.Add(1)
	go func() {
		defer club.Done()
		time.Sleep(stays)
	}()
}

type Waiter interface{ Wait() }

type evening struct{ first, then Waiter }

func (e evening) Wait() {
	e.first.Wait()
	e.then.Wait()
}

type lamp struct{ out chan struct{} }

func (l lamp) Wait() { <-l.out }

func main() {
	var club sync.WaitGroup
	l := lamp{make(chan struct{})}
	join(&club, time.Millisecond)
	join(&club, time.Hour)
	go func(w Waiter) {
		w.Wait()
		fmt.Println("locked")
	}(evening{&club, l})
	time.AfterFunc(2*time.Hour, func() { close(l.out) })
	time.Sleep(20 * time.Millisecond)
	fmt.Println("midnight")
}
