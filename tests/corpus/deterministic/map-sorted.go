// deterministic: a map filled by several goroutines under a lock, printed in the order of its keys.
package main

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

func main() {
	text := "she sells sea shells by the sea shore"
	counts := map[rune]int{}
	var mu sync.Mutex
	var counting sync.WaitGroup
	for start := range 4 {
		counting.Add(1)
		go func() {
			defer counting.Done()
			for i := start; i < len(text); i += 4 {
				mu.Lock()
				counts[rune(text[i])]++
				mu.Unlock()
			}
		}()
	}
	counting.Wait()
	for _, letter := range slices.Sorted(maps.Keys(counts)) {
		fmt.Printf("%q %d\n", letter, counts[letter])
	}
}
