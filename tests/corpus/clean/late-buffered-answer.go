// clean: the caller gives up before the answer comes, but the channel has room for it and the sender ends.
package main

import (
	"fmt"
	"time"
)

func translate(word string) <-chan string {
	answer := make(chan string, 1)
	go func() {
		time.Sleep(300 * time.Millisecond)
		answer <- "le " + word
	}()
	return answer
}

func main() {
	for _, word := range []string{"train", "village"} {
		select {
		case french := <-translate(word):
			fmt.Println(french)
		case <-time.After(20 * time.Millisecond):
			fmt.Println(word, "is left as it is")
		}
	}
}
