// clean: the first to come sorts a large archive for all, and those who wait in Once.Do have only to be patient.
// options: {"settle": 0.3}
// alive: [{"count": 2, "state": "sync.Mutex.Lock"}, {"count": 1, "state": "sleep"}]
package main

import (
	"fmt"
	"sync"
	"time"
)

type archive struct {
	sorting sync.Once
	sorted  bool
}

func (a *archive) search() bool {
	a.sorting.Do(func() {
		time.Sleep(time.Minute)
		a.sorted = true
	})
	return a.sorted
}

func main() {
	a := &archive{}
	for range 3 {
		go a.search()
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the answers will come by post")
}
