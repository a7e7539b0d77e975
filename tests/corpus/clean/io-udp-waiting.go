// clean: a goroutine waits for datagrams, and one that wrote its name waits for an answer with a deadline.
package main

import (
	"fmt"
	"net"
	"time"
)

func main() {
	address := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	socket, err := net.ListenUDP("udp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	heard := make(chan string, 1)
	go func() {
		packet := make([]byte, 64)
		for {
			size, _, err := socket.ReadFromUDP(packet)
			if err != nil {
				return
			}
			heard <- string(packet[:size])
		}
	}()
	client, err := net.DialUDP("udp", nil, socket.LocalAddr().(*net.UDPAddr))
	if err != nil {
		fmt.Println(err)
		return
	}
	client.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	go client.Read(make([]byte, 8))
	fmt.Fprint(client, "probe-7")
	fmt.Println("heard", <-heard)
}
