// clean: a parrot says who looks at it: whoever prints it, encodes it, compares it as an error or puts it in a heap.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"container/heap"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

type parrot struct{ printed, encoded, compared chan string }

func (p *parrot) String() string { p.printed <- "printed"; return "parrot" }

func (p *parrot) MarshalJSON() ([]byte, error) { p.encoded <- "encoded"; return []byte("0"), nil }

func (p *parrot) Error() string { return "squawk" }

func (p *parrot) Is(error) bool { p.compared <- "compared"; return true }

type perch struct {
	heights []int
	moved   chan string
}

func (p *perch) Len() int           { return len(p.heights) }
func (p *perch) Less(i, j int) bool { return p.heights[i] < p.heights[j] }
func (p *perch) Push(x any)         { p.heights = append(p.heights, x.(int)) }
func (p *perch) Pop() any           { return nil }

func (p *perch) Swap(i, j int) {
	p.heights[i], p.heights[j] = p.heights[j], p.heights[i]
	p.moved <- "moved"
}

func look(err error) bool { return errors.Is(err, io.EOF) }

func main() {
	p := &parrot{make(chan string), make(chan string), make(chan string)}
	seat := &perch{moved: make(chan string)}
	go func() { fmt.Println(<-p.printed) }()
	go func() { fmt.Println(<-p.encoded) }()
	go func() { fmt.Println(<-p.compared) }()
	go func() { fmt.Println(<-seat.moved) }()
	go func() {
		time.Sleep(time.Hour)
		fmt.Println(struct{ bird fmt.Stringer }{p}.bird)
	}()
	go func() {
		time.Sleep(time.Hour)
		text, _ := json.Marshal(map[string]any{"bird": p})
		fmt.Println(string(text))
	}()
	go func() {
		time.Sleep(time.Hour)
		fmt.Println(look(p))
	}()
	go func() {
		time.Sleep(time.Hour)
		heap.Push(seat, 2)
		heap.Push(seat, 1)
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("the parrot is silent")
}
