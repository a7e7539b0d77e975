// clean: a parking meter counts until its context ends, which a timer sees to when the paid hour is over.
// options: {"settle": 0.3}
// said: ["a timer may yet come to line 26"]
package main

import (
	"context"
	"fmt"
	"time"
)

func meter(ctx context.Context, coins <-chan int) {
	paid := 0
	for {
		select {
		case coin := <-coins:
			paid += coin
		case <-ctx.Done():
			return
		}
	}
}

func park(paid time.Duration) chan<- int {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(paid, cancel)
	coins := make(chan int)
	go meter(ctx, coins)
	return coins
}

func main() {
	park(time.Hour) <- 2
	fmt.Println("off to the shops")
}
