// deterministic: main sends to itself, and the runtime says that all goroutines are asleep.
// verdict: "deadlock"
// exit_code: 2
package main

import "fmt"

func main() {
	letters := make(chan string)
	fmt.Println("posting")
	letters <- "to myself"
	fmt.Println(<-letters)
}
