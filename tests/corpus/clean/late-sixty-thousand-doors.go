// clean: sixty thousand visitors wait, each at a door of their own; the porter is still opening them when settling ends.
package main

import (
	"fmt"
	"time"
)

func visitor() (open func()) {
	door := make(chan struct{})
	go func() { <-door }()
	return func() { close(door) }
}

func porter(doors []func()) {
	for number, open := range doors {
		if number%300 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		open()
	}
}

func main() {
	var doors []func()
	for range 60_000 {
		doors = append(doors, visitor())
	}
	go porter(doors)
	fmt.Println(len(doors), "doors")
}
