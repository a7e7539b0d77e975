// deterministic: a run-time error, recovered and panicked again with another value.
// verdict: "crash"
// exit_code: 2
package main

import "fmt"

func seat(row []string, number int) string {
	defer func() {
		if problem := recover(); problem != nil {
			panic(fmt.Sprint("cinema: ", problem))
		}
	}()
	return row[number]
}

func main() {
	row := []string{"Ann", "Ben"}
	fmt.Println(seat(row, 1))
	fmt.Println(seat(row, 2))
}
