// clean: a server runs in a goroutine of its own and is shut down in order.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})}
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if response, err := client.Get("http://" + listener.Addr().String()); err == nil {
		response.Body.Close()
		fmt.Println(response.Status)
	}
	fmt.Println("shutdown:", server.Shutdown(context.Background()))
	fmt.Println("closed:", errors.Is(<-served, http.ErrServerClosed))
}
