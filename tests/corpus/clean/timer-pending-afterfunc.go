// clean: a pending AfterFunc is a timer and no goroutine.
package main

import (
	"fmt"
	"time"
)

func main() {
	for _, task := range []string{"backup", "rotate logs", "renew certificate"} {
		time.AfterFunc(time.Hour, func() {
			fmt.Println("now:", task)
		})
	}
	fmt.Println("3 tasks planned")
}
