// deterministic: nothing is printed, and the greatest exit code returned.
// verdict: "crash"
// exit_code: 255
package main

import "os"

func main() {
	os.Exit(255)
}
