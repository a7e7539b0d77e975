// clean: an editor reads a column from a pipe; its author sleeps over the second paragraph.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"io"
	"time"
)

func author(column *io.PipeWriter) {
	defer column.Close()
	column.Write([]byte("It was a quiet summer."))
	time.Sleep(time.Hour)
	column.Write([]byte("Then came the rain."))
}

func editor(column *io.PipeReader) {
	paragraph := make([]byte, 80)
	for n, err := column.Read(paragraph); err == nil; n, err = column.Read(paragraph) {
		fmt.Println(string(paragraph[:n]))
	}
}

func main() {
	reader, writer := io.Pipe()
	go author(writer)
	go editor(reader)
	time.Sleep(20 * time.Millisecond)
	fmt.Println("deadline is tomorrow")
}
