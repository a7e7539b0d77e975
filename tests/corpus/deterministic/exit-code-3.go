// deterministic: the program says what is wrong and ends with a code of its own.
// verdict: "crash"
// exit_code: 3
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("checking the tank")
	fmt.Fprintln(os.Stderr, "tank is empty")
	os.Exit(3)
}
