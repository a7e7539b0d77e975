//go:build !(go1.27 || goexperiment.goroutineleakprofile)

package coverage

import "runtime/pprof"

// goroutineLeakProfile is nil where this Go has none.
var goroutineLeakProfile *pprof.Profile
