// clean: a call through a pipe is under way; the library's own goroutines wait for the server, which takes its time.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"net"
	"net/rpc"
	"time"
)

type Kiln struct{}

func (Kiln) Fire(pots int, done *int) error {
	time.Sleep(time.Hour)
	*done = pots
	return nil
}

func main() {
	here, there := net.Pipe()
	server := rpc.NewServer()
	server.Register(Kiln{})
	go server.ServeConn(there)
	client := rpc.NewClient(here)
	go func() {
		var done int
		fmt.Println(client.Call("Kiln.Fire", 12, &done), done)
		client.Close()
	}()
	time.Sleep(50 * time.Millisecond)
	fmt.Println("the kiln is hot")
}
