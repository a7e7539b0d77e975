// clean: two chess players share a connection; one thinks for an hour before the move, the other waits for it.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"net"
	"time"
)

func white(board net.Conn) {
	defer board.Close()
	time.Sleep(time.Hour)
	board.Write([]byte("e4"))
}

func black(board net.Conn) {
	move := make([]byte, 2)
	if _, err := board.Read(move); err == nil {
		fmt.Println("white plays", string(move))
	}
}

func main() {
	left, right := net.Pipe()
	go white(left)
	go black(right)
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the clock runs")
}
