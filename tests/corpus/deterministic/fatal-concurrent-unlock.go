// deterministic: an error that no recover can catch.
// verdict: "crash"
// exit_code: 2
package main

import (
	"fmt"
	"sync"
)

func main() {
	defer func() {
		fmt.Println("recovered:", recover())
	}()
	var mu sync.Mutex
	fmt.Println("unlocking")
	mu.Unlock()
}
