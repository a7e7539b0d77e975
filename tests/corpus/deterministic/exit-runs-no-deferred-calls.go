// deterministic: os.Exit in a goroutine ends the process in the middle of main, deferred calls or not.
package main

import (
	"fmt"
	"os"
)

func main() {
	defer fmt.Println("never")
	fmt.Println("main waits")
	go func() {
		defer fmt.Println("never either")
		os.Exit(0)
	}()
	select {}
}
