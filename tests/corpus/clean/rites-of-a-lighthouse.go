// clean: what a lighthouse does at dawn is a list of functions: one of its own, one that cancels, a Done and an Unlock; the keeper sleeps.
// options: {"settle": 0.3}
// said: ["waits in `<-ctx.Done()` (line 32) for a value that has not come: what is still at work may yet wake it", "waits in `crew.Wait()` (line 35): what is still at work may yet wake it", "waits in `lamp.Lock()` (line 38) for a lock that was not released: what is still at work may yet wake it"]
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type keeper struct {
	greet func()
	rites []func()
}

func (k *keeper) atDawn(rite func()) { k.rites = append(k.rites, rite) }

func main() {
	var crew sync.WaitGroup
	var lamp sync.Mutex
	crew.Add(1)
	lamp.Lock()
	k := &keeper{greet: func() {}}
	ctx, cancel := context.WithCancel(context.Background())
	k.greet = cancel
	k.atDawn(func() { fmt.Println("dawn") })
	k.atDawn(crew.Done)
	k.atDawn(lamp.Unlock)
	go func() {
		<-ctx.Done()
	}()
	go func() {
		crew.Wait()
	}()
	go func() {
		lamp.Lock()
		lamp.Unlock()
	}()
	go func() {
		time.Sleep(time.Hour)
		k.greet()
		for _, rite := range k.rites {
			rite()
		}
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("night")
}
