// clean: children, values and an AfterFunc hang on one context, and its end ends them all.
package main

import (
	"context"
	"fmt"
	"sync"
)

type floorKey struct{}

func guard(ctx context.Context, rounds *sync.WaitGroup, left chan<- int) {
	defer rounds.Done()
	<-ctx.Done()
	left <- ctx.Value(floorKey{}).(int)
}

func main() {
	building, close := context.WithCancelCause(context.Background())
	left := make(chan int, 3)
	swept := make(chan struct{})
	context.AfterFunc(building, func() { swept <- struct{}{} })
	var rounds sync.WaitGroup
	for floor := range 3 {
		ctx, cancel := context.WithCancel(context.WithValue(building, floorKey{}, floor))
		defer cancel()
		rounds.Add(1)
		go guard(ctx, &rounds, left)
	}
	close(fmt.Errorf("fire drill"))
	rounds.Wait()
	<-swept
	fmt.Println(<-left+<-left+<-left, context.Cause(building))
}
