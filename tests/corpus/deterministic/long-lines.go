// deterministic: lines of many lengths, the longest of a quarter of a million bytes, and no end of line at the end.
package main

import (
	"fmt"
	"strings"
)

func main() {
	for length := 1; length <= 1<<18; length *= 4 {
		fmt.Println(strings.Repeat("=", length))
	}
	fmt.Print("end without a newline")
}
