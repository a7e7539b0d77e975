// clean: a guest is a context by the one in it; what is derived from the guest ends with that, be it only at night.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"context"
	"fmt"
	"time"
)

type guest struct {
	context.Context
	room int
}

type strict struct {
	context.Context
	asked chan struct{}
}

func (s strict) Done() <-chan struct{} { return s.asked }

func stay(ctx context.Context, name string) {
	ctx, leave := context.WithCancel(ctx)
	go func() {
		defer leave()
		<-ctx.Done()
		fmt.Println(name, "leaves")
	}()
}

func main() {
	ctx, closing := context.WithCancel(context.Background())
	s := strict{context.Background(), make(chan struct{})}
	stay(guest{ctx, 7}, "guest")
	own, leave := context.WithCancel(s)
	go func() {
		defer leave()
		<-own.Done()
		fmt.Println("stranger leaves")
	}()
	go func() {
		time.Sleep(time.Hour)
		closing()
		close(s.asked)
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the house is full")
}
