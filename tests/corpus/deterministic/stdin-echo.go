// deterministic: standard input is read to its end and written back, the last line without its end.
// options: {"stdin": "first\nsecond line\n\nlast"}
package main

import (
	"io"
	"os"
)

func main() {
	if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
		os.Exit(1)
	}
}
