// clean: two players block on each other all the time; the table is closed after the last ball.
package main

import (
	"fmt"
	"sync"
)

func play(table chan int, players *sync.WaitGroup) {
	defer players.Done()
	for ball := range table {
		if ball == 0 {
			close(table)
			return
		}
		table <- ball - 1
	}
}

func main() {
	table := make(chan int)
	var players sync.WaitGroup
	players.Add(2)
	go play(table, &players)
	go play(table, &players)
	table <- 1001
	players.Wait()
	fmt.Println("game over")
}
