// deterministic: goroutines end in any order, their results are printed in one.
package main

import (
	"fmt"
	"sync"
)

func main() {
	words := []string{"amber", "birch", "cedar", "dune", "ember"}
	lengths := make([]int, len(words))
	var measuring sync.WaitGroup
	for i, word := range words {
		measuring.Add(1)
		go func() {
			defer measuring.Done()
			lengths[i] = len(word)
		}()
	}
	measuring.Wait()
	for i, word := range words {
		fmt.Printf("%-6s %d\n", word, lengths[i])
	}
}
