// clean: a guest has ordered over HTTP, and the kitchen's answer takes its time.
// options: {"settle": 0.3}
// said: ["no answer to its request has come"]
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

func kitchen(w http.ResponseWriter, _ *http.Request) {
	time.Sleep(time.Hour)
	fmt.Fprintln(w, "enjoy your meal")
}

func order(url string) {
	response, err := http.Get(url)
	if err != nil {
		return
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(kitchen))
	go order(server.URL)
	time.Sleep(50 * time.Millisecond)
	fmt.Println("ordered")
}
