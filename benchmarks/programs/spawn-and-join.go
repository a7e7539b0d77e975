// A million goroutines are started and waited for, a hundred at a time, five times over.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

func main() {
	var done atomic.Int64
	for range 50_000 {
		var group sync.WaitGroup
		for range 100 {
			group.Add(1)
			go func() {
				done.Add(1)
				group.Done()
			}()
		}
		group.Wait()
	}
	fmt.Println(done.Load())
}
