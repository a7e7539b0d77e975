// deterministic: the count is taken through a renamed import, a function value and a deferred call.
package main

import (
	"fmt"
	rt "runtime"
)

var count = rt.NumGoroutine

func main() {
	defer func(n int) { fmt.Println("deferred", n) }(rt.NumGoroutine())
	stop := make(chan struct{})
	ready := make(chan struct{})
	go func() {
		close(ready)
		<-stop
	}()
	<-ready
	fmt.Println("value", count())
	close(stop)
	for count() != 1 {
		rt.Gosched()
	}
	fmt.Println("alone", rt.NumGoroutine())
}
