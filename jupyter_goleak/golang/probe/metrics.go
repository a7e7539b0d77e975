package coverage

import "unsafe"

// What package runtime/metrics asks the runtime for. That package describes all metrics when it is initialised, and a program
// that collects garbage all the time would pay for marking those descriptions.

//go:linkname readMetrics runtime/metrics.runtime_readMetrics
func readMetrics(samples unsafe.Pointer, length, capacity int)

// A metric is laid out as runtime/metrics.Sample.
type metric struct {
	name   string
	kind   int
	scalar uint64
	_      unsafe.Pointer
}

const kindUint64 = 1

// number is the metric's value, -1 where this Go has none of that name.
func (m *metric) number() int64 {
	if m.kind != kindUint64 {
		return -1
	}
	return int64(m.scalar)
}

const (
	metricGoroutines = iota
	metricStacks
	metricHeap
	metricCreated
	metricRunning
	metricRunnable
	metricWaiting
	metricNotInGo
)

var metricNames = [...]string{
	"/sched/goroutines:goroutines",
	"/memory/classes/heap/stacks:bytes",
	"/memory/classes/heap/objects:bytes",
	"/sched/goroutines-created:goroutines",
	"/sched/goroutines/running:goroutines",
	"/sched/goroutines/runnable:goroutines",
	"/sched/goroutines/waiting:goroutines",
	"/sched/goroutines/not-in-go:goroutines",
}

// measure takes a sample.
func (p *probeState) measure() {
	readMetrics(unsafe.Pointer(&p.sample), len(p.sample), len(p.sample))
}

func (p *probeState) metric(which int) int64 { return p.sample[which].number() }
