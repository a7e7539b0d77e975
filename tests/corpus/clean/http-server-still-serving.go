// clean: main returns while a server listens and an idle connection is open; both wait for the network, not for us.
package main

import (
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
	go http.Serve(listener, http.NotFoundHandler())

	response, err := http.Get("http://" + listener.Addr().String() + "/health")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	fmt.Println(response.StatusCode)
}
