// clean: an archive is read under its RLocker, its shifts are counted through an interface with Done, and its doors lie in a sync.Map.
// options: {"settle": 0.3}
// said: ["waits in `a.mu.Lock()` (line 26) for a lock that was not released: what is still at work may yet wake it", "waits in `shift.Wait()` (line 46): what is still at work may yet wake it", "waits in `<-ctx.Done()` (line 51) for a value that has not come: what is still at work may yet wake it"]
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type archive struct {
	mu    sync.RWMutex
	doors sync.Map
}

func (a *archive) read() {
	shared := a.mu.RLocker()
	shared.Lock()
	defer shared.Unlock()
	time.Sleep(time.Hour)
}

func (a *archive) write() {
	a.mu.Lock()
	defer a.mu.Unlock()
}

type counted interface{ Done() }

func watch(over counted) {
	defer over.Done()
	time.Sleep(time.Hour)
}

func main() {
	a := &archive{}
	go a.read()
	time.Sleep(20 * time.Millisecond)
	go a.write()
	var shift sync.WaitGroup
	shift.Add(1)
	go watch(&shift)
	go func() {
		shift.Wait()
	}()
	ctx, cancel := context.WithCancel(context.Background())
	a.doors.Store("cellar", cancel)
	go func() {
		<-ctx.Done()
	}()
	go func() {
		time.Sleep(time.Hour)
		a.doors.Range(func(_, shut any) bool {
			shut.(context.CancelFunc)()
			return true
		})
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("open until five")
}
