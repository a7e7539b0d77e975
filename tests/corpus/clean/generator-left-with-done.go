// clean: the consumer walks away in the middle, and tells the generator so.
package main

import "fmt"

func fibonacci(done <-chan struct{}) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for a, b := 0, 1; ; a, b = b, a+b {
			select {
			case out <- a:
			case <-done:
				return
			}
		}
	}()
	return out
}

func main() {
	done := make(chan struct{})
	defer close(done)
	for number := range fibonacci(done) {
		if number > 100 {
			break
		}
		fmt.Println(number)
	}
}
