// deterministic: each goroutine of a chain counts when it is the last that was started.
package main

import (
	"fmt"
	"runtime"
)

func climb(step int, down chan<- int) {
	fmt.Println("step", step, "of", runtime.NumGoroutine())
	if step == 5 {
		down <- step
		return
	}
	from := make(chan int)
	go climb(step+1, from)
	down <- <-from
}

func main() {
	top := make(chan int)
	go climb(2, top)
	fmt.Println("top", <-top)
}
