// clean: a choir master takes one line from the pipe at a time, through two readers, and rests in between.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

func main() {
	reader, writer := io.Pipe()
	go func() {
		defer writer.Close()
		for verse := range 5 {
			fmt.Fprintln(writer, verse)
		}
	}()
	go func() {
		verses := json.NewDecoder(bufio.NewReaderSize(reader, 16))
		for {
			var verse int
			if verses.Decode(&verse) != nil {
				return
			}
			time.Sleep(time.Hour)
		}
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the choir sings")
}
