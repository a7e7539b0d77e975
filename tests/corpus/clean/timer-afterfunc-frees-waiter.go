// clean: a goroutine waits for a channel that only a pending timer will close, half a second from now.
package main

import (
	"fmt"
	"time"
)

func main() {
	lunch := make(chan struct{})
	for range 3 {
		go func() {
			<-lunch
		}()
	}
	time.AfterFunc(500*time.Millisecond, func() { close(lunch) })
	fmt.Println("queueing for lunch")
}
