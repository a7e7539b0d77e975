// deterministic: random numbers with a seed decide who speaks; channels carry it.
package main

import (
	"fmt"
	"math/rand"
)

func main() {
	random := rand.New(rand.NewSource(7))
	speakers := []chan string{make(chan string, 1), make(chan string, 1), make(chan string, 1)}
	for turn := range 12 {
		speaker := random.Intn(len(speakers))
		speakers[speaker] <- fmt.Sprint("turn ", turn)
		select {
		case said := <-speakers[0]:
			fmt.Println("anna:", said)
		case said := <-speakers[1]:
			fmt.Println("bert:", said)
		case said := <-speakers[2]:
			fmt.Println("cleo:", said)
		}
	}
}
