// deterministic: arguments with spaces, quotes, a dash and nothing at all.
// options: {"args": ["one two", "it's", "--flag=3", "", "ünïcode", "*"]}
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println(len(os.Args) - 1)
	for _, argument := range os.Args[1:] {
		fmt.Printf("%q\n", argument)
	}
}
