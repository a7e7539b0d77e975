// clean: who listens to a line is freed by whoever hangs up at the same end, and that one is told to by somebody asleep.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it", "the deadline of line 43 may yet come"]
package main

import (
	"bufio"
	"fmt"
	"net"
	"time"
)

type caller struct {
	line net.Conn
	says chan string
}

func (c *caller) listen() {
	words := bufio.NewScanner(c.line)
	for words.Scan() {
		fmt.Println(words.Text())
	}
}

func (c *caller) talk() {
	defer c.line.Close()
	for word := range c.says {
		fmt.Fprintln(c.line, word)
	}
}

func main() {
	here, there := net.Pipe()
	c := &caller{here, make(chan string)}
	go c.listen()
	go c.talk()
	fmt.Fprintln(there, "hello")
	go func() {
		time.Sleep(time.Hour)
		close(c.says)
	}()
	quiet, _ := net.Pipe()
	quiet.SetReadDeadline(time.Now().Add(time.Hour))
	go bufio.NewReader(quiet).ReadString('\n')
	time.Sleep(20 * time.Millisecond)
	fmt.Println("long silence")
}
