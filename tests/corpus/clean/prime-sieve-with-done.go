// clean: the classic chain of filters never comes to an end by itself; here done ends each link.
package main

import "fmt"

func count(done <-chan struct{}) <-chan int {
	out := make(chan int)
	go func() {
		for n := 2; ; n++ {
			select {
			case out <- n:
			case <-done:
				return
			}
		}
	}()
	return out
}

func filter(in <-chan int, prime int, done <-chan struct{}) <-chan int {
	out := make(chan int)
	go func() {
		for {
			select {
			case n := <-in:
				if n%prime == 0 {
					continue
				}
				select {
				case out <- n:
				case <-done:
					return
				}
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
	numbers := count(done)
	for range 12 {
		prime := <-numbers
		fmt.Println(prime)
		numbers = filter(numbers, prime, done)
	}
}
