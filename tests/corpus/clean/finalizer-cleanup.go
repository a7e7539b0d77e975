// clean: cleanups run in goroutines of the runtime's own.
// go: "1.24"
package main

import (
	"fmt"
	"runtime"
)

type texture struct{ pixels [64]byte }

func load(freed chan<- int) {
	for id := range 3 {
		runtime.AddCleanup(&texture{}, func(id int) { freed <- id }, id)
	}
}

func main() {
	freed := make(chan int, 3)
	load(freed)
	sum := 0
	for range 3 {
		for len(freed) == 0 {
			runtime.GC()
		}
		sum += <-freed
	}
	fmt.Println("freed:", sum)
}
