// deterministic: a go statement and a look at the number of goroutines allocate nothing, however closely they are watched.
package main

import (
	"fmt"
	"runtime"
	"testing"
)

func main() {
	finished := make(chan bool)
	work := func() { finished <- true }
	fmt.Println("a go statement:", testing.AllocsPerRun(50, func() {
		go work()
		<-finished
	}))
	fmt.Println("a look:", testing.AllocsPerRun(500, func() {
		_ = runtime.NumGoroutine()
	}))
	fmt.Println("many go statements:", testing.AllocsPerRun(1500, func() {
		go work()
		<-finished
	}))
}
