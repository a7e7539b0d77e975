// clean: an echo server on a socket; closing the listener ends the server, closing the connection its handler.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
)

func main() {
	folder, err := os.MkdirTemp("", "echo")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	listener, err := net.Listen("unix", filepath.Join(folder, "echo"))
	if err != nil {
		fmt.Println(err)
		return
	}
	var server sync.WaitGroup
	server.Add(1)
	go func() {
		defer server.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server.Add(1)
			go func() {
				defer server.Done()
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	conn, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(conn, "anybody there")
	answer := make([]byte, 13)
	io.ReadFull(conn, answer)
	fmt.Printf("%s?\n", answer)
	conn.Close()
	listener.Close()
	server.Wait()
}
