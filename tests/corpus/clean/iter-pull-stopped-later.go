// clean: the reader of a serial sleeps over the first instalment, and will put it back on the shelf.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"iter"
	"time"
)

func instalments(yield func(int) bool) {
	for number := 1; yield(number); number++ {
	}
}

func main() {
	next, stop := iter.Pull(iter.Seq[int](instalments))
	first, _ := next()
	fmt.Println("read instalment", first)
	go func() {
		defer stop()
		time.Sleep(time.Hour)
	}()
}
