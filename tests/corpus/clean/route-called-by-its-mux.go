// clean: a route is kept by a mux, which calls it when somebody asks; the one who will is asleep.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

func main() {
	visits := make(chan string)
	mux := http.NewServeMux()
	mux.HandleFunc("/garden", func(_ http.ResponseWriter, asked *http.Request) { visits <- asked.URL.Path })
	go func() { fmt.Println("visited:", <-visits) }()
	go func() {
		time.Sleep(time.Hour)
		mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/garden", nil))
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the gate is open")
}
