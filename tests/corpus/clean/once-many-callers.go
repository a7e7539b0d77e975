// clean: all callers block in Once.Do until the first has opened the vault.
package main

import (
	"fmt"
	"sync"
	"time"
)

var (
	opening sync.Once
	opened  int
)

func vault() int {
	opening.Do(func() {
		time.Sleep(30 * time.Millisecond)
		opened++
	})
	return opened
}

func main() {
	var clerks sync.WaitGroup
	for range 10 {
		clerks.Add(1)
		go func() {
			defer clerks.Done()
			vault()
		}()
	}
	clerks.Wait()
	fmt.Println("opened", vault(), "time")
}
