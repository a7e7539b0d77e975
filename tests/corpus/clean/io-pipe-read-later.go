// clean: the reader sleeps before io.ReadAll.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"io"
	"time"
)

func main() {
	reader, writer := io.Pipe()
	go func() {
		fmt.Fprintln(writer, "It was a quiet summer.")
		writer.Close()
	}()
	go func() {
		time.Sleep(time.Hour)
		io.ReadAll(reader)
	}()
	time.Sleep(20 * time.Millisecond)
}
