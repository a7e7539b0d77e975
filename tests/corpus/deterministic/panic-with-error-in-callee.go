// deterministic: a panic with an error that wraps another, two calls deep.
// verdict: "crash"
// exit_code: 2
package main

import (
	"errors"
	"fmt"
)

type station struct{ name string }

func (s *station) open(year int) {
	if year < 1835 {
		panic(fmt.Errorf("station %s: %w", s.name, errors.New("no trains yet")))
	}
}

func main() {
	s := &station{"Nuremberg"}
	s.open(1900)
	fmt.Println("open in 1900")
	s.open(1800)
}
