// clean: a kettle's timer is stopped and set anew before it is waited for.
// options: {"settle": 0.3}
package main

import "time"

func main() {
	go func() {
		timer := time.NewTimer(time.Second)
		timer.Stop()
		timer.Reset(time.Hour)
		<-timer.C
	}()
	time.Sleep(20 * time.Millisecond)
}
