// clean: the author sleeps, then fmt.Fprintln writes; the editor scans the other end.
// options: {"settle": 0.3}
package main

import (
	"bufio"
	"fmt"
	"io"
	"time"
)

func author(column io.WriteCloser) {
	defer column.Close()
	time.Sleep(time.Hour)
	fmt.Fprintln(column, "Then came the rain.")
}

func editor(column io.Reader) {
	for lines := bufio.NewScanner(column); lines.Scan(); {
		fmt.Println(lines.Text())
	}
}

func main() {
	reader, writer := io.Pipe()
	go author(writer)
	go editor(reader)
	time.Sleep(20 * time.Millisecond)
}
