// clean: a visitor knocks, waits, and goes back to knock again; the third time it calls through the door.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
)

func visit(door chan<- string) {
	knocks := 0
again:
	if knocks == 3 {
		door <- "is anybody in?"
		return
	}
	time.Sleep(time.Hour)
	knocks++
	goto again
}

func main() {
	door := make(chan string)
	go visit(door)
	go func() { fmt.Println(<-door) }()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the house is dark")
}
