// clean: letters pass two desks of one function; the postman, whose bag only the first one gets, is still on his way.
package main

import (
	"fmt"
	"time"
)

func post() <-chan string {
	bag := make(chan string)
	go func() {
		defer close(bag)
		time.Sleep(2500 * time.Millisecond)
		bag <- "a postcard"
	}()
	return bag
}

func desk(in <-chan string, out chan<- string) {
	defer close(out)
	for letter := range in {
		out <- letter
	}
}

func main() {
	sorted, stamped := make(chan string), make(chan string)
	go desk(post(), sorted)
	go desk(sorted, stamped)
	go func() {
		for range stamped {
		}
	}()
	fmt.Println("open until noon")
}
