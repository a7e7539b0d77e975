// clean: a host waits for all parties of guests by what they have in common, and each comes home at its own time.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"sync"
	"time"
)

type party interface{ Wait() }

func host(parties ...party) {
	for _, p := range parties {
		p.Wait()
	}
	fmt.Println("good night")
}

func main() {
	var early, late sync.WaitGroup
	early.Add(1)
	late.Add(1)
	go host(&early, &late)
	go func() {
		defer early.Done()
		time.Sleep(time.Hour)
	}()
	go func() {
		defer late.Done()
		time.Sleep(2 * time.Hour)
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the feast goes on")
}
