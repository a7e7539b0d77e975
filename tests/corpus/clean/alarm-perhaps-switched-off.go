// clean: an alarm that could have been switched off and was not, one whose twin was, and one that its sleeper switches off.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"os"
	"time"
)

type alarm struct{ clock *time.Timer }

func (a alarm) off() { a.clock.Stop() }

func (a alarm) sleep(name string) {
	<-a.clock.C
	fmt.Println(name, "gets up")
}

func rung(after time.Duration) (<-chan time.Time, func()) {
	clock := time.NewTimer(after)
	return clock.C, func() { clock.Stop() }
}

func main() {
	holiday := len(os.Args) > 7
	mine := alarm{time.NewTimer(time.Hour)}
	go mine.sleep("me")
	if holiday {
		mine.off()
	}

	for twin := range 2 {
		a := alarm{time.NewTimer(time.Hour)}
		if twin == 0 {
			a.clock.Stop()
			continue
		}
		go a.sleep("twin")
	}

	bell, still := rung(time.Hour)
	go func() {
		defer still()
		<-bell
		fmt.Println("the neighbour gets up")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("a quiet night")
}
