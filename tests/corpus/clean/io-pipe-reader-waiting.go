// clean: a goroutine reads from a pipe of the operating system whose other end is open; input may come.
package main

import (
	"bufio"
	"fmt"
	"os"
)

var writer *os.File

func main() {
	reader, end, err := os.Pipe()
	if err != nil {
		fmt.Println(err)
		return
	}
	writer = end
	lines := make(chan string, 1)
	go func() {
		for input := bufio.NewScanner(reader); input.Scan(); {
			lines <- input.Text()
		}
	}()
	fmt.Fprintln(writer, "ready")
	fmt.Println(<-lines)
}
