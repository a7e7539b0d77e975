// deterministic: numbers from standard input, added up by workers.
// options: {"stdin": "10 20 30\n40 50\n-5\n"}
package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"
)

func main() {
	numbers := make(chan int)
	var mu sync.Mutex
	sum := 0
	var adding sync.WaitGroup
	for range 3 {
		adding.Add(1)
		go func() {
			defer adding.Done()
			for number := range numbers {
				mu.Lock()
				sum += number
				mu.Unlock()
			}
		}()
	}
	input := bufio.NewReader(os.Stdin)
	for {
		var number int
		if _, err := fmt.Fscan(input, &number); err != nil {
			break
		}
		numbers <- number
	}
	close(numbers)
	adding.Wait()
	fmt.Println(sum)
}
