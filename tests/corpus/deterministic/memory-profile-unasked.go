// deterministic: where nobody can ask for the memory profile the runtime keeps none.
package main

import (
	"fmt"
	"runtime"
)

func main() {
	rates := make(chan int)
	go func() { rates <- runtime.MemProfileRate }()
	fmt.Println("bytes between two samples:", <-rates)
}
