// clean: the generator closes its channel behind the last value, and the consumer reads to the end.
package main

import "fmt"

func squares(limit int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for n := 1; n*n <= limit; n++ {
			out <- n * n
		}
	}()
	return out
}

func main() {
	for square := range squares(50) {
		fmt.Println(square)
	}
}
