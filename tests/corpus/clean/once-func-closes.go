// clean: sync.OnceFunc wraps the close; the sleeping caretaker calls what it gave.
// options: {"settle": 0.3}
package main

import (
	"sync"
	"time"
)

func main() {
	closed := make(chan struct{})
	lockUp := sync.OnceFunc(func() { close(closed) })
	go func() {
		time.Sleep(time.Hour)
		lockUp()
	}()
	go func() {
		<-closed
	}()
	time.Sleep(20 * time.Millisecond)
}
