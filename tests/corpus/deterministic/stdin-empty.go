// deterministic: nothing is given to read; the program sees the end at once.
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	input := bufio.NewScanner(os.Stdin)
	lines := 0
	for input.Scan() {
		lines++
	}
	fmt.Println(lines, "lines,", input.Err())
}
