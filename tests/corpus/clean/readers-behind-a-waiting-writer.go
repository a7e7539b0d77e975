// clean: who wants to read queues up behind somebody who wants to write, and that one behind a reader who is asleep.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"sync"
	"time"
)

type atlas struct {
	sync.RWMutex
	maps map[string]string
}

func (a *atlas) study(read func()) {
	a.RLock()
	defer a.RUnlock()
	read()
}

func (a *atlas) correct(place, by string) {
	a.Lock()
	defer a.Unlock()
	a.maps[place] = by
}

func main() {
	a := &atlas{maps: map[string]string{"Thule": "north"}}
	go a.study(func() { time.Sleep(time.Hour) })
	time.Sleep(20 * time.Millisecond)
	go a.correct("Thule", "nowhere")
	time.Sleep(20 * time.Millisecond)
	go a.study(func() { fmt.Println(a.maps["Thule"]) })
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the library is open")
}
