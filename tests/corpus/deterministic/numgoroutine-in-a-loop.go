// deterministic: thousands of counts in a row, with all values that were ever seen.
package main

import (
	"fmt"
	"runtime"
	"time"
)

func main() {
	seen := map[int]bool{}
	for started := time.Now(); time.Since(started) < 150*time.Millisecond; {
		seen[runtime.NumGoroutine()] = true
	}
	fmt.Println(seen)
}
