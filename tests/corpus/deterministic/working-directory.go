// deterministic: the program writes where it stands, reads it back and takes it away again.
package main

import (
	"fmt"
	"os"
)

func main() {
	const name = "deterministic-note.txt"
	defer os.Remove(name)
	if err := os.WriteFile(name, []byte("back soon"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	note, err := os.ReadFile(name)
	fmt.Println(string(note), err)
}
