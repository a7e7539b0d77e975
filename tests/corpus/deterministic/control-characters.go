// deterministic: carriage returns, colours, tabs, a bell, wide and combining letters.
package main

import "fmt"

func main() {
	for percent := 0; percent <= 100; percent += 25 {
		fmt.Printf("\rloading %3d %%", percent)
	}
	fmt.Print("\r\n\x1b[31mred\x1b[0m\tplain\a\v\f\x00|\n")
	fmt.Println("日本語 한국어 e\u0301 👩‍🚀 \u202eright to left")
}
