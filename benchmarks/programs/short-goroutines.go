// Ten thousand short goroutines that compute.
package main

import (
	"fmt"
	"sync"
)

func main() {
	sums := make([]uint64, 10_000)
	var group sync.WaitGroup
	for i := range sums {
		group.Add(1)
		go func() {
			defer group.Done()
			sum := uint64(i)
			for range 100_000 {
				sum = sum*6364136223846793005 + 1442695040888963407
			}
			sums[i] = sum
		}()
	}
	group.Wait()
	var all uint64
	for _, sum := range sums {
		all ^= sum
	}
	fmt.Println(all)
}
