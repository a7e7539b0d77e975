// deterministic: a program that looks at its memory profile finds what it allocated there.
package main

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
)

var ledger [][]byte

func fill() {
	for range 64 {
		ledger = append(ledger, make([]byte, 1<<20))
	}
}

func main() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fill()
	}()
	<-done
	runtime.GC()
	var profile bytes.Buffer
	if err := pprof.Lookup("heap").WriteTo(&profile, 1); err != nil {
		panic(err)
	}
	fmt.Println(runtime.MemProfileRate, len(ledger), strings.Contains(profile.String(), "main.fill"))
}
