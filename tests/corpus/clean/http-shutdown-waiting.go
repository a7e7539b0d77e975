// clean: a bank closes its counter in order: Shutdown waits for the one customer who is still being served.
// options: {"settle": 0.3}
// said: ["`closed <- server.Shutdown(context.Background())` (line 30): what is still at work may yet wake it"]
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(served)
		time.Sleep(time.Hour)
	})}
	go server.Serve(listener)
	go http.Get("http://" + listener.Addr().String())
	<-served

	closed := make(chan error)
	go func() { closed <- server.Shutdown(context.Background()) }()
	go func() {
		<-closed
		fmt.Println("the counter is closed")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("last customer")
}
