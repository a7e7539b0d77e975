// Trees are grown and thrown away, so that the garbage collector never rests.
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
	for range 60 {
		nodes += grow(18).nodes()
	}
	fmt.Println(nodes)
}
