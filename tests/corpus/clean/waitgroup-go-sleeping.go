// clean: the table is set when all dishes are done; WaitGroup.Go started them, and the roast takes its hours.
// go: "1.25"
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"sync"
	"time"
)

func cook(dish string, takes time.Duration) {
	time.Sleep(takes)
	fmt.Println(dish, "is done")
}

func main() {
	var dishes sync.WaitGroup
	dishes.Go(func() { cook("salad", time.Millisecond) })
	dishes.Go(func() { cook("roast", 3*time.Hour) })
	go func() {
		dishes.Wait()
		fmt.Println("dinner is served")
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("guests may come")
}
