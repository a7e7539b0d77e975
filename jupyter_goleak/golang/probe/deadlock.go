package coverage

import (
	"bytes"
	"math"
	"runtime"
	"time"
	_ "unsafe" // for linkname
)

//go:linkname timeSleepUntil runtime.timeSleepUntil
func timeSleepUntil() int64

//go:linkname netpollAnyWaiters runtime.netpollAnyWaiters
func netpollAnyWaiters() bool

// So many samples in a row have to find every goroutine asleep.
const doubts = 3

// asleep tells that nothing can ever run again: no timer is pending, nothing waits for I/O, and every goroutine is
// parked on a channel or a lock. Only the probe's own waiting would then keep the runtime from saying so.
func (p *probeState) asleep() bool {
	idle := noTimerPending() && !netpollAnyWaiters()
	if p.hasStates {
		idle = idle && p.metric(metricRunning) <= 1 && p.metric(metricRunnable) == 0 && p.metric(metricNotInGo) == 0
	} else {
		// Nobody counts who runs, and each time only a dump would tell.
		idle = idle && p.waiting
	}
	if !idle {
		p.quiet = 0
		return false
	}
	p.quiet++
	count := runtime.NumGoroutine()
	if p.quiet < doubts {
		return false
	}
	if count > finalDumpMost && p.hasStates {
		return true
	}
	began, before := time.Now(), threadTime()
	if count > liveDumpMost && !p.mayDump(began) {
		return false
	}
	text, complete := p.stacks()
	p.rest(began, threadTime()-before)
	return complete && allParked(text) && noTimerPending() && !netpollAnyWaiters()
}

func noTimerPending() bool { return timeSleepUntil() == math.MaxInt64 }

var parkedStates = []string{"chan receive", "chan send", "select", "semacquire", "sync.", "coroutine", "finalizer wait", "cleanup wait"}

func allParked(text []byte) bool {
	for header := range headers(text) {
		state := header[bytes.IndexByte(header, '[')+1:]
		parked := false
		for _, each := range parkedStates {
			parked = parked || bytes.HasPrefix(state, []byte(each))
		}
		if !parked {
			return false
		}
	}
	return true
}
