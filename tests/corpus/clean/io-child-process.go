// clean: os/exec copies a child's output in goroutines of its own, and Wait ends them.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Println("child says", os.Args[1])
		return
	}
	var said strings.Builder
	child := exec.Command(os.Args[0], "hi")
	child.Stdin = strings.NewReader("nothing of note")
	child.Stdout = &said
	child.Stderr = os.Stderr
	err := child.Run()
	fmt.Print(said.String())
	fmt.Println("error:", err)
}
