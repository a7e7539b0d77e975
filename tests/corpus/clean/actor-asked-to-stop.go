// clean: an actor owns its state and takes messages from a channel until it gets the last one.
package main

import "fmt"

type message struct {
	deposit int
	answer  chan<- int
	last    bool
}

func account(inbox <-chan message) {
	balance := 0
	for m := range inbox {
		balance += m.deposit
		if m.answer != nil {
			m.answer <- balance
		}
		if m.last {
			return
		}
	}
}

func main() {
	inbox := make(chan message)
	go account(inbox)
	for _, amount := range []int{20, 5, -8} {
		inbox <- message{deposit: amount}
	}
	answer := make(chan int)
	inbox <- message{answer: answer, last: true}
	fmt.Println("balance:", <-answer)
}
