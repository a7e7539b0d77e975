// clean: plants are watered three times, an hour apart; the ticker's Stop is deferred and does not run before the last.
// options: {"settle": 0.3}
package main

import (
	"fmt"
	"time"
)

func water(plants []string, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for range 3 {
		<-ticker.C
		fmt.Println("watered", plants)
	}
}

func main() {
	go water([]string{"fern", "palm"}, time.Hour)
	time.Sleep(20 * time.Millisecond)
	fmt.Println("off on holiday")
}
