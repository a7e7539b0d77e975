// clean: a logger in a package variable has a goroutine behind it, which Close flushes and ends.
package main

import (
	"fmt"
	"os"
)

type logger struct {
	lines   chan string
	flushed chan struct{}
}

var log = newLogger()

func newLogger() *logger {
	l := &logger{make(chan string, 16), make(chan struct{})}
	go func() {
		defer close(l.flushed)
		for line := range l.lines {
			fmt.Fprintln(os.Stdout, "log:", line)
		}
	}()
	return l
}

func (l *logger) Close() {
	close(l.lines)
	<-l.flushed
}

func main() {
	defer log.Close()
	log.lines <- "started"
	log.lines <- "stopped"
}
