// clean: WaitGroup.Go counts and starts at once; the closures share a slice and end in any order.
// go: "1.25"
package main

import (
	"fmt"
	"slices"
	"sync"
)

func main() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var letters []string
	for _, letter := range []string{"c", "a", "b"} {
		wg.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			letters = append(letters, letter)
		})
	}
	wg.Wait()
	slices.Sort(letters)
	fmt.Println(letters)
}
