// clean: a browser reads a stream of events; its handler waits for the next one, or for the browser to go.
// options: {"settle": 0.3}
// said: ["waits in a `select` (line 21) for a case that has not come: what is still at work may yet wake it"]
package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
)

type scores struct {
	goals chan string
}

func (s *scores) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "welcome")
	w.(http.Flusher).Flush()
	for {
		select {
		case goal := <-s.goals:
			fmt.Fprintln(w, goal)
		case <-r.Context().Done():
			return
		}
	}
}

func browse(url string, seen chan<- string) {
	response, err := http.Get(url)
	if err != nil {
		return
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		seen <- lines.Text()
	}
}

func main() {
	server := httptest.NewServer(&scores{make(chan string)})
	seen := make(chan string, 1)
	go browse(server.URL, seen)
	fmt.Println(<-seen)
}
