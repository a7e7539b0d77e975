// deterministic: the program forces the garbage collector and counts what it frees.
package main

import (
	"fmt"
	"runtime"
)

type tile struct{ colour [32]byte }

func main() {
	freed := make(chan int, 100)
	for range 100 {
		runtime.SetFinalizer(&tile{}, func(*tile) { freed <- 1 })
	}
	total := 0
	for total < 99 { // the last may still be in a register
		runtime.GC()
		for len(freed) > 0 {
			total += <-freed
		}
		runtime.Gosched()
	}
	fmt.Println("freed at least", 99)
}
