// clean: the key lies in a drawer that says nothing of what is in it; who sleeps knows.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

func main() {
	var drawer atomic.Value
	key := make(chan string)
	drawer.Store(key)
	go func() { fmt.Println("opened with", <-key) }()
	go func() {
		time.Sleep(time.Hour)
		drawer.Load().(chan string) <- "the brass key"
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("locked")
}
