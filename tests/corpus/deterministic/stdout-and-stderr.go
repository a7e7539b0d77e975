// deterministic: both streams in turn; each alone has its own order.
package main

import (
	"fmt"
	"os"
)

func main() {
	for line := range 200 {
		fmt.Fprintln(os.Stdout, "out", line)
		fmt.Fprintln(os.Stderr, "err", line)
	}
	println("and the built-in println too")
}
