// A chain of filters, one goroutine for each prime.
package main

import "fmt"

func filter(in <-chan int, out chan<- int, prime int) {
	for number := range in {
		if number%prime != 0 {
			out <- number
		}
	}
	close(out)
}

func main() {
	numbers := make(chan int)
	go func() {
		for number := 2; number < 40_000; number++ {
			numbers <- number
		}
		close(numbers)
	}()
	primes := 0
	for in := numbers; ; primes++ {
		prime, more := <-in
		if !more {
			break
		}
		out := make(chan int)
		go filter(in, out, prime)
		in = out
	}
	fmt.Println(primes)
}
