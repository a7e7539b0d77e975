// Two goroutines hand one number to and fro.
package main

import "fmt"

func main() {
	there, back := make(chan int), make(chan int)
	go func() {
		for number := range there {
			back <- number + 1
		}
		close(back)
	}()
	number := 0
	for range 3_000_000 {
		there <- number
		number = <-back
	}
	close(there)
	fmt.Println(number)
}
