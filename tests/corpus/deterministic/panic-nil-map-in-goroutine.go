// deterministic: a goroutine panics while main waits for it; the panic ends them all.
// verdict: "crash"
// exit_code: 2
package main

import (
	"fmt"
	"sync"
)

func main() {
	var shelves map[string]int
	var filling sync.WaitGroup
	filling.Add(1)
	fmt.Println("filling shelves")
	go func() {
		defer filling.Done()
		shelves["tea"] = 3
	}()
	filling.Wait()
	select {}
}
