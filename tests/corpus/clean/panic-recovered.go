// clean: goroutines panic, recover, and end like all others.
package main

import (
	"fmt"
	"sync"
)

func divide(cake, guests int) (piece int, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("no cake: %v", problem)
		}
	}()
	return cake / guests, nil
}

func main() {
	var tables sync.WaitGroup
	answers := make([]string, 3)
	for guests := range answers {
		tables.Add(1)
		go func() {
			defer tables.Done()
			piece, err := divide(12, guests)
			answers[guests] = fmt.Sprint(piece, " ", err)
		}()
	}
	tables.Wait()
	for _, answer := range answers {
		fmt.Println(answer)
	}
}
