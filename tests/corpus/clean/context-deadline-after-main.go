// clean: nobody cancels by hand, but the deadline of the context ends the goroutines 600 ms later.
package main

import (
	"context"
	"fmt"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 600*time.Millisecond)
	context.AfterFunc(ctx, cancel)
	for range 3 {
		go func() {
			<-ctx.Done()
		}()
	}
	fmt.Println("auction is open until the deadline")
}
