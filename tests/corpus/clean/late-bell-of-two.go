// clean: two guests wait at one line; the first was served, and the bell of the second will be closed by who sleeps.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"time"
)

func wait(bell <-chan int) {
	<-bell
	fmt.Println("comes")
}

func main() {
	rung, quiet := make(chan int), make(chan int)
	for _, bell := range []chan int{rung, quiet} {
		go wait(bell)
	}
	rung <- 1
	go func() {
		time.Sleep(time.Hour)
		close(quiet)
	}()
	time.Sleep(20 * time.Millisecond)
}
