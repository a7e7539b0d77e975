// clean: an errand is a context, by embedding one; who called it off is asleep before that.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"context"
	"fmt"
	"time"
)

type errand struct {
	context.Context
	what string
}

func (e *errand) run() {
	<-e.Done()
	fmt.Println(e.what, "is off:", e.Err())
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	go (&errand{ctx, "shopping"}).run()
	go func() {
		time.Sleep(time.Hour)
		cancel()
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("it rains")
}
