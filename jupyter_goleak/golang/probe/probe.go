// The probe. An overlay lays these files into runtime/coverage, a package of the standard library that programs do not
// otherwise use, and the user's files import it. It stays idle unless GOLEAK_PROBE is set.
//
// What it may never do is be noticed. Its one goroutine bears a name of the runtime's, which makes it one of the
// runtime's own: it is in no count, no dump and no profile of the program. It sets no timer, since a pending timer costs
// each switch between goroutines a look at the clock, but has the kernel wake it for the next sample. And when every
// goroutine of the program sleeps for good it leaves, so that the runtime itself reports the deadlock. It runs on Go 1.23
// and later, and under the race detector.

package coverage

import (
	"internal/runtime/exithook"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	_ "unsafe" // for linkname
)

//go:linkname lockOSThread runtime.lockOSThread
func lockOSThread()

//go:linkname unlockOSThread runtime.unlockOSThread
func unlockOSThread()

const (
	// The first samples come quickly, for programs that last some milliseconds; then the pauses grow, by a quarter each. What
	// a sample costs is not its own work but that a thread wakes up for it, which is nothing to a program that waits, and
	// much to one that computes: where that one starts no goroutines, the pauses grow to the double.
	firstPause   = 2 * time.Millisecond
	waitingPause = 25 * time.Millisecond  // at most, while the program mostly waits
	livelyPause  = 40 * time.Millisecond  // at most, while it computes, and goroutines come and go
	busyPause    = 100 * time.Millisecond // at most, while it does nothing but compute
	doubtPause   = 10 * time.Millisecond  // at most, while all of them may be asleep for good

	dumpInterval = 40 * time.Millisecond
	restFactor   = 99  // a sample that took t is taken again after 99 t at the earliest: one per cent of the time
	dumpFactor   = 299 // and a dump, which stops the whole program, takes a third of that, unless it waits anyway

	// A sample is taken again no later than that: on a busy machine most of what it took was waiting for a processor, which
	// costs the program nothing. Of a dump only the processor time counts, but without a bound: it walks stacks of any depth
	// to their end.
	restMost = 250 * time.Millisecond

	// What a dump takes for each byte of stacks beyond the usual. By that one is put off that would stop the program for
	// long: it is too late to learn it from the dump itself.
	deepByte    = time.Nanosecond
	usualStacks = 16 << 20
	usualStack  = 32 << 10 // for each goroutine

	liveDumpMost  = 1000    // goroutines listed while the program runs
	finalDumpMost = 10000   // goroutines listed one by one at the end; beyond, they are grouped
	dumpBytesMost = 8 << 20 // of the text of one dump

	startsMost   = 2000 // go statements noted one by one; each later one costs a program one load of an atomic
	startsAtOnce = 64   // of them told right away, in case of a crash

	heldUsually = 16 << 10 // bytes of frames not written yet, without dumps

	testsMost   = 20000 // functions of tests told
	looksAtOnce = 64    // beginnings of tests at which is listed what those before have left, in case of a crash
	lookMost    = 100   // goroutines listed then, which takes the sixth part of a millisecond

	marksAtOnce  = 1000 // later marks are thinned to one in markInterval
	markInterval = 10 * time.Millisecond
)

type probeState struct {
	fd         int       // the descriptor of the connection to the notebook; 0 where nobody watches
	connection fileID    // what it stands for, as long as the program leaves it alone
	output     [2]fileID // and what the standard output and error stood for at the start
	late       lateRaces
	settle     atomic.Int64 // nanoseconds
	started    time.Time

	ticking  sync.Mutex    // held while a sample is taken, and for good when the end begins
	pause    time.Duration // until the next sample
	nextTick time.Time
	nextDump time.Time
	dumped   time.Time // when the last dump was taken
	lastDump []byte
	quiet    int // samples in a row that found every goroutine asleep
	ended    atomic.Bool

	startsTaken atomic.Int64
	startsSent  int64
	telling     sync.Mutex

	held    []byte // frames not written yet
	sending sync.Mutex

	tests    atomic.Int64
	lookedIn atomic.Int64 // the goroutine whose test was the last to begin
	looks    atomic.Int64
	marks    atomic.Int64
	lastMark atomic.Int64

	seed   uint64        // of the random numbers behind yields; 0: no yields
	yields atomic.Uint64 // how many there were

	sample    [len(metricNames)]metric
	hasStates bool
	created0  int64
	system0   int64

	counts  [2]int64      // of the last sample: goroutines, and how many were created
	lively  bool          // they were others in the sample before
	used    time.Duration // processor time until the last sample
	sampled time.Duration // when that was, since the start
	waiting bool          // the program used little of the time between the last two
}

var probe probeState

func init() {
	// Descriptor, settling time in milliseconds, seed (0: no yields), and the length of what GODEBUG has at its end for us.
	setting, found := syscall.Getenv("GOLEAK_PROBE")
	if !found {
		return
	}
	syscall.Unsetenv("GOLEAK_PROBE")
	var numbers [4]uint64
	for i, field := range strings.Fields(setting) {
		number, err := strconv.ParseUint(field, 10, 63)
		if err != nil || i >= len(numbers) {
			return
		}
		numbers[i] = number
	}
	p := &probe
	restoreGodebug(int(numbers[3]))
	p.settle.Store(int64(numbers[1]) * int64(time.Millisecond))
	p.seed = numbers[2]
	p.started = time.Now()
	p.dumped = p.started
	dieWithParent()
	fd := int(numbers[0])
	syscall.CloseOnExec(fd)
	syscall.SetNonblock(fd, false)
	p.fd, p.connection = fd, identify(fd)
	p.output = [...]fileID{identify(1), identify(2)}
	p.held = make([]byte, 0, heldUsually)

	for i, name := range metricNames {
		p.sample[i].name = name
	}
	exithook.Add(exithook.Hook{F: atExit, RunOnFailure: true})
	p.ticking.Lock() // no sample before everything below is set
	defer p.ticking.Unlock()
	p.pause = firstPause
	go answer() // without an argument, which would make it a goroutine of another name
	p.measure()
	p.hasStates = p.metric(metricRunning) >= 0
	p.created0 = p.metric(metricCreated)
	p.system0 = p.metric(metricGoroutines) - int64(runtime.NumGoroutine())
	proof := "0"
	if goroutineLeakProfile != nil {
		proof = "1"
	}
	p.send('H', nil, []byte(runtime.Version()+" "+proof))
	p.report()
	p.release()
}

// restoreGodebug takes the end of the variable away again: the runtime has read it, and the program shall find its own.
func restoreGodebug(ours int) {
	value, _ := syscall.Getenv("GODEBUG")
	switch own := len(value) - ours; {
	case ours == 0 || own < 0:
	case own == 0:
		syscall.Unsetenv("GODEBUG")
	default:
		syscall.Setenv("GODEBUG", strings.TrimSuffix(value[:own], ","))
	}
}

// answer is the probe's goroutine: it takes samples, and does what the notebook asks. By its name the runtime takes it
// for its own. It keeps to one thread, so that the program's goroutines keep theirs: else it would wake on whatever
// thread has a processor, and that thread would stay behind with it in the kernel.
//
//go:linkname answer runtime.goleakAnswer
func answer() {
	p := &probe
	lockOSThread()
	defer unlockOSThread()
	var asked [64]byte
	for {
		n, err := p.receive(asked[:], p.pause)
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
			if !p.tick() {
				return
			}
		case err == syscall.ECONNRESET || n == 0 && err == nil:
			p.die() // nobody looks any more
		case err != nil:
			return // the program closed our descriptor
		case asked[0] == 'F' && n >= 5:
			settle := int64(asked[1]) | int64(asked[2])<<8 | int64(asked[3])<<16 | int64(asked[4])<<24
			p.settle.Store(settle * int64(time.Millisecond))
			if !p.ended.Swap(true) {
				p.ticking.Lock()
				p.finish(false)
				return
			}
		}
	}
}

// tick takes one sample, and a dump when it is due. It returns false when nothing will ever happen again.
func (p *probeState) tick() bool {
	if !p.ticking.TryLock() {
		return true
	}
	defer p.ticking.Unlock()
	began := time.Now()
	if p.ended.Load() || began.Before(p.nextTick) {
		return true
	}
	p.measure()
	defer p.release()
	p.report()
	if p.asleep() {
		// No proof here: its tags would show in the runtime's own report of the deadlock, which is proof enough.
		p.dump(dumpFinal, finalDumpMost)
		p.send('q', nil)
		return false
	}
	p.pause = p.nextPause()
	if runtime.NumGoroutine() <= liveDumpMost && p.mayDump(began) {
		before := threadTime()
		p.dump(0, liveDumpMost)
		p.rest(began, threadTime()-before)
		return true
	}
	p.nextTick = began.Add(min(restMost, restFactor*time.Since(began)))
	return true
}

// mayDump tells whether a dump would keep to its share of the time.
func (p *probeState) mayDump(now time.Time) bool {
	deep := p.metric(metricStacks) - usualStacks - usualStack*p.counts[0]
	return !now.Before(p.nextDump) && now.Sub(p.dumped) >= p.share(deepByte*time.Duration(max(deep, 0)))
}

// rest puts the next dump off, after one that began then and took so long.
func (p *probeState) rest(began time.Time, took time.Duration) {
	p.dumped, p.nextDump = began, began.Add(max(dumpInterval, p.share(took)))
}

// share is the time in which a dump may take so long.
func (p *probeState) share(took time.Duration) time.Duration {
	if p.waiting {
		return restFactor * took
	}
	return dumpFactor * took
}

func (p *probeState) nextPause() time.Duration {
	switch {
	case 0 < p.quiet && p.quiet < doubts:
		return min(2*p.pause, doubtPause)
	case p.waiting:
		return min(p.pause+p.pause/4, waitingPause)
	case p.lively:
		return min(p.pause+p.pause/4, livelyPause)
	}
	return min(2*p.pause, busyPause)
}

// report holds the sample just read. System goroutines count among the created but never end, so that their number
// now, less their number at the start, comes off.
func (p *probeState) report() {
	p.tellStarts()
	count := int64(runtime.NumGoroutine())
	created := int64(-1)
	if p.hasStates {
		created = p.metric(metricCreated) - p.created0 - (p.metric(metricGoroutines) - count - p.system0)
	}
	counts := [...]int64{count, max(created, -1)}
	p.lively = counts != p.counts
	p.counts = counts
	now, used := time.Since(p.started), processorTime()
	p.waiting = used-p.used < (now-p.sampled)/4
	p.sampled, p.used = now, used
	p.hold('s', numbers{int64(now), counts[0], counts[1],
		p.metric(metricStacks), p.metric(metricHeap),
		p.metric(metricRunning), p.metric(metricRunnable), p.metric(metricWaiting), p.metric(metricNotInGo)})
}

// processorTime is what all threads of the program used so far.
func processorTime() time.Duration {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
