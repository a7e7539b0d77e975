package coverage

import (
	"runtime/pprof"
	_ "unsafe" // for linkname
)

// The profiles are taken by the names of their variables. pprof.Lookup would reach the heap's, too, and a program that
// can ask for that one pays for it: the runtime's memory profile is off only where the linker finds no use of it.

//go:linkname goroutineProfile runtime/pprof.goroutineProfile
var goroutineProfile *pprof.Profile
