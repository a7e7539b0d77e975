// clean: main does not wait for the archive; a goroutine in WaitGroup.Wait is let go 600 ms later.
package main

import (
	"fmt"
	"sync"
	"time"
)

func archive(papers int) {
	var filed sync.WaitGroup
	for paper := range papers {
		filed.Add(1)
		go func() {
			defer filed.Done()
			time.Sleep(time.Duration(200*(paper+1)) * time.Millisecond)
		}()
	}
	go func() {
		filed.Wait()
	}()
}

func main() {
	archive(3)
	fmt.Println("archiving", 3, "papers")
}
