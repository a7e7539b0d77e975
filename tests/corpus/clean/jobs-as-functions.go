// clean: a handyman takes jobs that are functions, one at a time; the one he is at takes an hour, and ends what two wait for.
// options: {"settle": 0.3}
// said: ["for a receiver that has not come: what is still at work may yet wake it", "for a value that has not come: what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
)

type handyman struct {
	jobs chan func()
}

func (h *handyman) work() {
	for job := range h.jobs {
		job()
	}
}

func (h *handyman) ask(job func()) {
	h.jobs <- job
}

func main() {
	h := &handyman{jobs: make(chan func())}
	go h.work()
	painted := make(chan struct{})
	h.ask(func() {
		time.Sleep(time.Hour)
		close(painted)
	})
	go h.ask(func() { fmt.Println("the tap is mended") })
	go func() {
		<-painted
		fmt.Println("the sofa goes back")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("wet paint")
}
