// deterministic: main leaves by runtime.Goexit, the last goroutine ends, and nobody is left.
// verdict: "deadlock"
// exit_code: 2
package main

import (
	"fmt"
	"runtime"
	"time"
)

func main() {
	go func() {
		time.Sleep(20 * time.Millisecond)
		fmt.Println("the last one turns out the light")
	}()
	fmt.Println("main goes first")
	runtime.Goexit()
}
