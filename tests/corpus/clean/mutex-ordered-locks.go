// clean: transfers in all directions at once, each of which takes its two locks in the same order.
package main

import (
	"fmt"
	"sync"
)

type account struct {
	mu      sync.Mutex
	balance int
}

func transfer(accounts []account, from, to int) {
	low, high := min(from, to), max(from, to)
	accounts[low].mu.Lock()
	defer accounts[low].mu.Unlock()
	accounts[high].mu.Lock()
	defer accounts[high].mu.Unlock()
	accounts[from].balance--
	accounts[to].balance++
}

func main() {
	accounts := make([]account, 5)
	var transfers sync.WaitGroup
	for from := range accounts {
		for to := range accounts {
			if from != to {
				transfers.Add(1)
				go func() {
					defer transfers.Done()
					transfer(accounts, from, to)
				}()
			}
		}
	}
	transfers.Wait()
	sum := 0
	for i := range accounts {
		sum += accounts[i].balance
	}
	fmt.Println("balance of the bank:", sum)
}
