// clean: a reader waits on an in-memory connection that nobody writes to, but it has set itself a deadline.
package main

import (
	"fmt"
	"net"
	"time"
)

func main() {
	near, _ := net.Pipe()
	near.SetReadDeadline(time.Now().Add(400 * time.Millisecond))
	go func() {
		defer near.Close()
		near.Read(make([]byte, 1))
	}()
	fmt.Println("nobody writes")
	time.Sleep(10 * time.Millisecond)
}
