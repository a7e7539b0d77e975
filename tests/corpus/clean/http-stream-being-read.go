// clean: a fan reads a live report over HTTP line by line; nothing has happened in the match for a while.
// options: {"settle": 0.3}
// said: ["somebody is reading the body of the response"]
package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

func reporter(w http.ResponseWriter, _ *http.Request) {
	for _, news := range []string{"kick-off", "goal"} {
		fmt.Fprintln(w, news)
		w.(http.Flusher).Flush()
		time.Sleep(time.Hour)
	}
}

func follow(url string, heard chan<- string) {
	response, err := http.Get(url)
	if err != nil {
		return
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		heard <- lines.Text()
	}
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(reporter))
	heard := make(chan string, 2)
	go follow(server.URL, heard)
	fmt.Println(<-heard)
}
