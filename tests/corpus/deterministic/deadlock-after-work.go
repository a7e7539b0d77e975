// deterministic: half a second of work, several goroutines, and only then a deadlock in all of them.
// verdict: "deadlock"
// exit_code: 2
package main

import (
	"fmt"
	"sync"
	"time"
)

func main() {
	var mu sync.Mutex
	for turn := range 3 {
		time.Sleep(150 * time.Millisecond)
		fmt.Println("turn", turn)
	}
	mu.Lock()
	locked := make(chan struct{})
	go func() {
		mu.Lock()
		close(locked)
	}()
	<-locked
}
