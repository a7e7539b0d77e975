// clean: the usual goroutine for a graceful end waits for a signal; the outside world may send one at any time.
package main

import (
	"fmt"
	"os"
	"os/signal"
)

func main() {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		<-interrupts
		fmt.Println("saving before the end")
		os.Exit(1)
	}()
	fmt.Println("done before anybody lost patience")
}
