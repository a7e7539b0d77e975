// clean: package variables hold closures and channels for as long as the process lives, but no goroutine waits on them.
package main

import (
	"fmt"
	"sort"
)

type plugin func(text string) <-chan string

var plugins = map[string]plugin{}

func register(name string, apply func(string) string) {
	plugins[name] = func(text string) <-chan string {
		out := make(chan string, 1)
		go func() { out <- apply(text) }()
		return out
	}
}

func init() {
	register("shout", func(text string) string { return text + "!" })
	register("ask", func(text string) string { return text + "?" })
}

func main() {
	names := make([]string, 0, len(plugins))
	for name := range plugins {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Println(<-plugins[name]("really"))
	}
}
