// clean: a bell is hung through the address of where it belongs, and rung from there by the ringer, who is asleep.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
)

type tower struct{ bell chan struct{} }

func hang(place *chan struct{}, bell chan struct{}) { *place = bell }

func main() {
	var t tower
	bell := make(chan struct{})
	hang(&t.bell, bell)
	go func() {
		<-bell
		fmt.Println("ding")
	}()
	go func() {
		time.Sleep(time.Hour)
		close(t.bell)
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the tower stands")
}
