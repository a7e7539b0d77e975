// clean: sync.Pool keeps buffers, never goroutines, whatever its name suggests.
package main

import (
	"bytes"
	"fmt"
	"sync"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func render(page int) int {
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	fmt.Fprintf(buffer, "page %02d", page)
	return buffer.Len()
}

func main() {
	var pages sync.WaitGroup
	sizes := make([]int, 40)
	for page := range sizes {
		pages.Add(1)
		go func() {
			defer pages.Done()
			sizes[page] = render(page)
		}()
	}
	pages.Wait()
	fmt.Println(sizes[0], sizes[39])
}
