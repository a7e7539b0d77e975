// clean: what reads a pipe stands around a reader that stands around it; who squeezes the text into it is asleep meanwhile.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"time"
)

type poet struct{ verses int }

func (p *poet) Read(line []byte) (int, error) {
	if p.verses == 0 {
		return 0, io.EOF
	}
	time.Sleep(time.Hour)
	p.verses--
	return copy(line, "a verse\n"), nil
}

func main() {
	reader, writer := io.Pipe()
	go func() {
		press := gzip.NewWriter(io.MultiWriter(writer, io.Discard))
		io.Copy(press, &poet{3})
		writer.CloseWithError(press.Close())
	}()
	go func() {
		book, err := gzip.NewReader(bufio.NewReader(reader))
		if err == nil {
			io.Copy(io.Discard, book)
		}
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the poet thinks")
}
