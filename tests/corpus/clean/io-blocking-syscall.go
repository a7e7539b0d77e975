// clean: a goroutine sits in a system call that the scheduler cannot interrupt.
package main

import (
	"fmt"
	"syscall"
)

func main() {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		fmt.Println(err)
		return
	}
	entered := make(chan struct{})
	go func() {
		close(entered)
		syscall.Read(ends[0], make([]byte, 1))
	}()
	<-entered
	fmt.Println("listening to the kernel")
}
