// clean: three goroutines block on one another when main returns; the first of them only sleeps, and then all go on.
package main

import (
	"fmt"
	"time"
)

func carry(in <-chan string, out chan<- string) {
	out <- <-in + "!"
}

func main() {
	bell, hall, roof := make(chan string), make(chan string), make(chan string)
	go carry(bell, hall)
	go carry(hall, roof)
	go func() { <-roof }()
	go func() {
		time.Sleep(700 * time.Millisecond)
		bell <- "noon"
	}()
	fmt.Println("tower closed for visitors")
}
