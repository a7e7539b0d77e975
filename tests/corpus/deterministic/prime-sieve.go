// deterministic: the sieve's chain of goroutines, left where it is.
// verdict: "leak"
package main

import "fmt"

func generate(out chan<- int) {
	for n := 2; ; n++ {
		out <- n
	}
}

func sift(in <-chan int, out chan<- int, prime int) {
	for n := range in {
		if n%prime != 0 {
			out <- n
		}
	}
}

func main() {
	numbers := make(chan int)
	go generate(numbers)
	for range 25 {
		prime := <-numbers
		fmt.Print(prime, " ")
		next := make(chan int)
		go sift(numbers, next, prime)
		numbers = next
	}
	fmt.Println()
}
