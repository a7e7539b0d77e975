// clean: both ends of an in-memory pipe meet, and the writer closes it.
package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"strings"
)

func main() {
	reader, writer := io.Pipe()
	go func() {
		zip := gzip.NewWriter(writer)
		_, err := io.Copy(zip, strings.NewReader(strings.Repeat("la ", 5000)))
		if err == nil {
			err = zip.Close()
		}
		writer.CloseWithError(err)
	}()
	song, err := gzip.NewReader(reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := io.ReadAll(song)
	fmt.Println(len(text), err)
}
