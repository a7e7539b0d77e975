// clean: iter.Pull runs its iterator in a coroutine; one is stopped half way, the other is read to its end.
package main

import (
	"fmt"
	"iter"
	"slices"
)

func pairs[A, B any](left iter.Seq[A], right iter.Seq[B]) iter.Seq2[A, B] {
	return func(yield func(A, B) bool) {
		next, stop := iter.Pull(right)
		defer stop()
		for a := range left {
			b, more := next()
			if !more || !yield(a, b) {
				return
			}
		}
	}
}

func main() {
	names := slices.Values([]string{"ana", "bo"})
	ages := slices.Values([]int{31, 28, 54, 19})
	for name, age := range pairs(names, ages) {
		fmt.Println(name, age)
	}
	next, stop := iter.Pull(names)
	defer stop()
	for _, more := next(); more; _, more = next() {
	}
}
