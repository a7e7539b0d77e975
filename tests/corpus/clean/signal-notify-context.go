// clean: the goroutine of signal.NotifyContext belongs to the library, with or without its stop function called.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for batch := range 3 {
		if ctx.Err() != nil {
			return
		}
		fmt.Println("batch", batch)
	}
}
