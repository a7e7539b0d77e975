// clean: a tailor calls back when the coat is ready, and the callback closes what the customer waits for.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"time"
)

// sew makes a coat, and calls ready at its end.
func sew(coat string, ready func(coat string)) {
	go func() {
		time.Sleep(time.Hour)
		ready(coat)
	}()
}

func customer(coat string) {
	finished := make(chan struct{})
	sew(coat, func(string) { close(finished) })
	<-finished
	fmt.Println("wears the", coat)
}

func main() {
	go customer("raincoat")
	time.Sleep(20 * time.Millisecond)
	fmt.Println("rain is forecast")
}
