// clean: dozens of goroutines serve requests on both sides; server and idle connections are closed at the end.
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

func main() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()

	var visits sync.WaitGroup
	for range 20 {
		visits.Add(1)
		go func() {
			defer visits.Done()
			response, err := client.Get(server.URL + "/nowhere")
			if err != nil {
				return
			}
			defer response.Body.Close()
			io.Copy(io.Discard, response.Body)
		}()
	}
	visits.Wait()
	fmt.Println("all visitors were sent away")
}
