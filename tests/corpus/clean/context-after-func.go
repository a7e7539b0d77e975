// clean: context.AfterFunc of a context with a deadline closes the channel.
// options: {"settle": 0.3}
package main

import (
	"context"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	context.AfterFunc(ctx, cancel)
	over := make(chan struct{})
	context.AfterFunc(ctx, func() { close(over) })
	go func() {
		<-over
	}()
	time.Sleep(20 * time.Millisecond)
}
