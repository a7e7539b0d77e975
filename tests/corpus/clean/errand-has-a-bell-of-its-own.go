// clean: an errand is a context by a Done of its own, and so is what is derived from it; who rings is asleep before that.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"context"
	"fmt"
	"time"
)

type Errand interface {
	context.Context
	CallOff()
}

type errand struct {
	context.Context
	bell chan struct{}
}

func (e *errand) Done() <-chan struct{} { return e.bell }
func (e *errand) CallOff()              { close(e.bell) }

func send() Errand { return &errand{context.Background(), make(chan struct{})} }

// A parcel is the errand that carries it.
type parcel struct {
	carrier context.Context
	what    string
}

func (p parcel) Deadline() (time.Time, bool) { return p.carrier.Deadline() }
func (p parcel) Done() <-chan struct{}       { return p.carrier.Done() }
func (p parcel) Err() error                  { return p.carrier.Err() }
func (p parcel) Value(key any) any           { return p.what }

func run(ctx context.Context) {
	<-ctx.Done()
	fmt.Println("nobody is at home")
}

func runWithin(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := ctx.Done()
	<-done
	fmt.Println("back before", limit)
}

func main() {
	e := send()
	go run(e)
	go runWithin(e, time.Hour)
	go run(parcel{e, "honey"})
	go runWithin(parcel{e, "wax"}, time.Hour)
	go func() {
		time.Sleep(time.Hour)
		e.CallOff()
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("it rains")
}
