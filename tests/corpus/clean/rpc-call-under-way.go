// clean: a call to a service is under way, which takes its time; the field Done of the call is no context's.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"net"
	"net/rpc"
	"time"
)

type Mill struct{}

func (*Mill) Grind(grain int, flour *int) error {
	time.Sleep(time.Hour)
	*flour = grain
	return nil
}

func main() {
	server := rpc.NewServer()
	server.Register(&Mill{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go server.Accept(listener)
	client, err := rpc.Dial("tcp", listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	call := client.Go("Mill.Grind", 3, new(int), nil)
	go func() {
		<-call.Done
		fmt.Println("flour")
	}()
	time.Sleep(50 * time.Millisecond)
	fmt.Println("the mill turns")
}
