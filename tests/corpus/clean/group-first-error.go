// clean: a group of goroutines, cancelled by the first error, and awaited; in the manner of errgroup.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

type group struct {
	running sync.WaitGroup
	once    sync.Once
	cancel  context.CancelFunc
	err     error
}

func (g *group) start(task func() error) {
	g.running.Add(1)
	go func() {
		defer g.running.Done()
		if err := task(); err != nil {
			g.once.Do(func() {
				g.err = err
				g.cancel()
			})
		}
	}()
}

func (g *group) wait() error {
	g.running.Wait()
	g.cancel()
	return g.err
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	g := &group{cancel: cancel}
	for disk := range 4 {
		g.start(func() error {
			if disk == 2 {
				return errors.New("disk 2 is broken")
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Minute):
				return nil
			}
		})
	}
	fmt.Println(g.wait())
}
