// clean: nobody is at the other end of the baby monitor, but the read has a deadline an hour from now.
// options: {"settle": 0.3}
// said: ["the deadline of line 14 may yet come"]
package main

import (
	"fmt"
	"net"
	"time"
)

func monitor(room net.Conn, until time.Time) {
	defer room.Close()
	room.SetReadDeadline(until)
	sound := make([]byte, 16)
	if _, err := room.Read(sound); err != nil {
		fmt.Println("slept through:", err)
	}
}

func main() {
	here, _ := net.Pipe()
	go monitor(here, time.Now().Add(time.Hour))
	time.Sleep(20 * time.Millisecond)
	fmt.Println("all quiet")
}
