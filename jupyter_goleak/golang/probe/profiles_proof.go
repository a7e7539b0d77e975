//go:build go1.27 || goexperiment.goroutineleakprofile

package coverage

import (
	"runtime/pprof"
	_ "unsafe" // for linkname
)

//go:linkname goroutineLeakProfile runtime/pprof.goroutineLeakProfile
var goroutineLeakProfile *pprof.Profile
