// clean: twenty goroutines wait for ctx.Done when main cancels and returns at once, without waiting for them.
package main

import (
	"context"
	"fmt"
)

func listen(ctx context.Context, news <-chan string) {
	for {
		select {
		case item := <-news:
			_ = item
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	news := make(chan string)
	for range 20 {
		go listen(ctx, news)
	}
	for _, item := range []string{"rain", "sun"} {
		news <- item
	}
	fmt.Println("news are over")
}
