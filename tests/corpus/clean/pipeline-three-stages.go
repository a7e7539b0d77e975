// clean: three stages hand values on through unbuffered channels, each closes what it sends on.
package main

import (
	"fmt"
	"strings"
)

func stage(in <-chan string, apply func(string) string) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		for value := range in {
			out <- apply(value)
		}
	}()
	return out
}

func main() {
	words := make(chan string)
	go func() {
		defer close(words)
		for _, word := range strings.Fields("the quick brown fox") {
			words <- word
		}
	}()
	upper := stage(words, strings.ToUpper)
	quoted := stage(upper, func(word string) string { return "<" + word + ">" })
	for word := range quoted {
		fmt.Println(word)
	}
}
