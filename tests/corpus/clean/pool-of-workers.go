// clean: the pool's workers range over a queue that is closed, and main waits for them.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

func main() {
	jobs := make(chan int)
	squares := make(chan int, 100)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) + 2 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for job := range jobs {
				squares <- job * job
			}
		}()
	}
	for job := range 100 {
		jobs <- job
	}
	close(jobs)
	workers.Wait()
	close(squares)
	sum := 0
	for square := range squares {
		sum += square
	}
	fmt.Println(sum)
}
