// clean: signal.Notify is never undone; what waits for signals is the runtime's own goroutine.
package main

import (
	"fmt"
	"os"
	"os/signal"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	for step := range 3 {
		select {
		case <-signals:
			fmt.Println("interrupted")
			return
		default:
			fmt.Println("step", step)
		}
	}
}
