// clean: the same through bufio.NewReader and net.Pipe.
// options: {"settle": 0.3}
package main

import (
	"bufio"
	"fmt"
	"net"
	"time"
)

func main() {
	left, right := net.Pipe()
	go func() {
		defer left.Close()
		time.Sleep(time.Hour)
		fmt.Fprintln(left, "e4")
	}()
	go func() {
		move, _ := bufio.NewReader(right).ReadString('\n')
		fmt.Println(move)
	}()
	time.Sleep(20 * time.Millisecond)
}
