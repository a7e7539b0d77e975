// clean: two goroutines still compute when main returns; what runs is not stuck.
package main

import (
	"fmt"
	"sync/atomic"
)

var tested atomic.Int64

func search(from uint64) {
	for number := from; ; number += 2 {
		steps := 0
		for n := number; n != 1; steps++ {
			if n%2 == 0 {
				n /= 2
			} else {
				n = 3*n + 1
			}
		}
		tested.Add(1)
	}
}

func main() {
	go search(3)
	go search(1_000_001)
	for tested.Load() < 10 {
	}
	fmt.Println("first numbers tested")
}
