// clean: a diary is a writer that a logger was given; whoever logs hands a line to the reader, and that one is asleep.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"log"
	"time"
)

type diary struct{ lines chan string }

func (d diary) Write(line []byte) (int, error) {
	d.lines <- string(line)
	return len(line), nil
}

func main() {
	d := diary{make(chan string)}
	logger := log.New(d, "", 0)
	go func() { fmt.Print(<-d.lines) }()
	go func() {
		time.Sleep(time.Hour)
		logger.Println("nothing happened")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the book is closed")
}
