// deterministic: variables from outside, one of them empty, and no other that speaks of goleak.
// options: {"env": {"CITY": "São Paulo", "EMPTY": "", "PAIR": "a=b"}}
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	for _, name := range []string{"CITY", "EMPTY", "PAIR", "NOT_SET_ANYWHERE"} {
		value, set := os.LookupEnv(name)
		fmt.Printf("%s=%q %t\n", name, value, set)
	}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.Contains(strings.ToLower(name), "goleak_probe") {
			fmt.Println("seen:", name)
		}
	}
}
