// clean: a sleeping goroutine cancels; the derived context comes back from a function that calls it like its parameter.
// options: {"settle": 0.3}
package main

import (
	"context"
	"time"
)

func shift(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, cancel
}

func main() {
	ctx, cancel := shift(context.Background())
	go func() {
		<-ctx.Done()
	}()
	go func() {
		time.Sleep(time.Hour)
		cancel()
	}()
	time.Sleep(20 * time.Millisecond)
}
