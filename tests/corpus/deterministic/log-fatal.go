// deterministic: log.Fatal without a time stamp.
// verdict: "crash"
// exit_code: 1
package main

import (
	"fmt"
	"log"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("harbour: ")
	fmt.Println("ship ahoy")
	log.Println("fog")
	log.Fatalf("%d ships aground", 2)
}
