// clean: the doctor has called the next patient, and is still writing, with the door locked; the patient is up and waits for it.
// options: {"settle": 0.3}
// said: ["1 goroutine waits in `p.call.Wait()` (line 22): what is still at work may yet wake it"]
package main

import (
	"fmt"
	"sync"
	"time"
)

type practice struct {
	door  sync.Mutex
	call  *sync.Cond
	ready bool
}

func (p *practice) patient() {
	p.door.Lock()
	defer p.door.Unlock()
	for !p.ready {
		p.call.Wait()
	}
}

func (p *practice) doctor() {
	p.door.Lock()
	defer p.door.Unlock()
	p.ready = true
	p.call.Signal()
	time.Sleep(time.Hour)
}

func main() {
	p := &practice{}
	p.call = sync.NewCond(&p.door)
	go p.patient()
	time.Sleep(20 * time.Millisecond)
	go p.doctor()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("next, please")
}
