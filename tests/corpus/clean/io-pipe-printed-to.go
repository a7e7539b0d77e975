// clean: the writer's end is only ever handed to a library, no Close.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"io"
	"time"
)

func author(column io.Writer) {
	time.Sleep(time.Hour)
	fmt.Fprintln(column, "Then came the rain.")
}

func editor(column io.Reader) {
	column.Read(make([]byte, 80))
}

func main() {
	reader, writer := io.Pipe()
	go author(writer)
	go editor(reader)
	time.Sleep(20 * time.Millisecond)
}
