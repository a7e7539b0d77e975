// clean: a bingo hall waits in reflect.Select for any of its tables; the caller sleeps before the next number.
// options: {"settle": 0.3}
// said: ["only that library knows what for"]
package main

import (
	"fmt"
	"reflect"
	"time"
)

// first waits for a value from any of the tables.
func first(tables []chan int) {
	cases := make([]reflect.SelectCase, len(tables))
	for i, table := range tables {
		cases[i] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(table)}
	}
	i, number, _ := reflect.Select(cases)
	fmt.Println("table", i, "calls", number)
}

func main() {
	tables := []chan int{make(chan int), make(chan int), make(chan int)}
	go first(tables)
	go func() {
		time.Sleep(time.Hour)
		tables[1] <- 42
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("eyes down")
}
