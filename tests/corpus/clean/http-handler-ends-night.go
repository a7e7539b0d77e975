// clean: the porter waits for a request that nobody has made yet; the server that would take it still listens.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"net"
	"net/http"
)

type hotel struct{ morning chan struct{} }

func (h *hotel) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	close(h.morning)
	fmt.Fprintln(w, "good morning")
}

func (h *hotel) porter() {
	<-h.morning
	fmt.Println("the doors are open")
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	h := &hotel{morning: make(chan struct{})}
	go h.porter()
	go http.Serve(listener, h)
	fmt.Println("night falls")
}
