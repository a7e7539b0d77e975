// clean: `go io.Copy(os.Stdout, reader)` with a writer that sleeps and then calls Write and Close itself.
// options: {"settle": 0.3}
package main

import (
	"io"
	"os"
	"time"
)

func main() {
	reader, writer := io.Pipe()
	go func() {
		time.Sleep(time.Hour)
		writer.Write([]byte("good morning\n"))
		writer.Close()
	}()
	go io.Copy(os.Stdout, reader)
	time.Sleep(20 * time.Millisecond)
}
