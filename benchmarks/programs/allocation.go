// Trees are grown and thrown away, so that the garbage collector never rests. Each fits the processor's cache: larger ones take
// a fifth more or less time from run to run, by where their pages happen to lie.
package main

import "fmt"

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) nodes() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.nodes() + t.right.nodes()
}

func main() {
	nodes := 0
	for range 7_000 {
		nodes += grow(12).nodes()
	}
	fmt.Println(nodes)
}
