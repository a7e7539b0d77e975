// clean: an alarm clock takes its caller's context and gives it a deadline, under the same name.
// options: {"settle": 0.3}
package main

import (
	"context"
	"time"
)

func snooze(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	<-ctx.Done()
}

func main() {
	go snooze(context.Background())
	time.Sleep(20 * time.Millisecond)
}
