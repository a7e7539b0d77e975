// clean: a museum's visitors queue at a door that a timer opens at ten, long after main has gone.
// options: {"settle": 0.3}
// said: ["a timer may yet come to line 22"]
package main

import (
	"fmt"
	"time"
)

type museum struct {
	open chan struct{}
}

func (m *museum) visit(visitor string) {
	<-m.open
	fmt.Println(visitor, "goes in")
}

func main() {
	m := &museum{open: make(chan struct{})}
	time.AfterFunc(time.Hour, func() { close(m.open) })
	for _, visitor := range []string{"ada", "ben", "cleo"} {
		go m.visit(visitor)
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the queue stands")
}
