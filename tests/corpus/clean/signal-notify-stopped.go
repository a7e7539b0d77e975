// clean: the runtime keeps a goroutine for signals once one was asked for; the program's own has been ended.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	var watcher sync.WaitGroup
	watcher.Add(1)
	go func() {
		defer watcher.Done()
		for s := range signals {
			fmt.Println("got", s)
		}
	}()
	fmt.Println("working")
	signal.Stop(signals)
	close(signals)
	watcher.Wait()
}
