// clean: tea is poured cup by cup through a range-over-func; the guest rests after each, while the next cup is held out.
// options: {"settle": 0.3}
// said: ["1 goroutine waits in `out <- cup` (line 15) for a receiver that has not come: what is still at work may yet wake it"]
package main

import (
	"fmt"
	"iter"
	"time"
)

func pour(out chan<- int) {
	defer close(out)
	for cup := range 3 {
		out <- cup
	}
}

func cups(in <-chan int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for cup := range in {
			if !yield(cup) {
				return
			}
		}
	}
}

func guest(in <-chan int) {
	for cup := range cups(in) {
		fmt.Println("cup", cup)
		time.Sleep(time.Hour)
	}
}

func main() {
	tea := make(chan int)
	go pour(tea)
	go guest(tea)
	time.Sleep(20 * time.Millisecond)
	fmt.Println("lovely weather")
}
