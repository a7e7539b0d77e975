// clean: a telephone is a connection, by embedding one, and a dialogue reads and writes it; who will speak or hang up is asleep.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"time"
)

type telephone struct {
	net.Conn
	of string
}

func (t *telephone) listen() {
	var word [5]byte
	for {
		if _, err := io.ReadFull(t, word[:]); err != nil {
			return
		}
		fmt.Println(t.of, "hears", string(word[:]))
	}
}

func (t *telephone) hangUpAt(night time.Duration) {
	time.Sleep(night)
	t.Close()
}

type dialogue struct {
	*bufio.ReadWriter
	line net.Conn
}

func on(line net.Conn) *dialogue {
	return &dialogue{bufio.NewReadWriter(bufio.NewReader(line), bufio.NewWriter(line)), line}
}

func (d *dialogue) say(word string) {
	d.WriteString(word + "\n")
	d.Flush()
}

func (d *dialogue) echo() {
	for {
		word, err := d.ReadString('\n')
		if err != nil {
			return
		}
		d.say(word)
	}
}

func main() {
	here, there := net.Pipe()
	ada := &telephone{here, "Ada"}
	go ada.listen()
	fmt.Fprint(there, "hello")
	go ada.hangUpAt(time.Hour)

	left, right := net.Pipe()
	bob := on(right)
	go on(left).echo()
	go func() {
		time.Sleep(time.Hour)
		bob.say("good night")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("long silence")
}
