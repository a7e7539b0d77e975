// deterministic: the program counts its own goroutines where all is quiet; a probe that held one would show.
// verdict: "leak"
package main

import (
	"fmt"
	"runtime"
	"sync"
)

func main() {
	fmt.Println("before:", runtime.NumGoroutine())
	var parked sync.WaitGroup
	never := make(chan int)
	for range 7 {
		parked.Add(1)
		go func() {
			parked.Done()
			<-never
		}()
	}
	parked.Wait()
	fmt.Println("during:", runtime.NumGoroutine())
}
