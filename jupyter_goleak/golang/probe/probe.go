// The probe. An overlay lays this file into runtime/coverage, a package of the standard library that programs do not
// otherwise use, and a shim in the user's package imports it. It stays idle unless GOLEAK_PROBE is set.
//
// What it may never do is be noticed: between two samples it holds no goroutine and no thread, it takes its own
// goroutine off the program's counts, and when every goroutine of the program sleeps for good it falls silent, so
// that the runtime itself reports the deadlock. It runs on Go 1.23 and later, and under the race detector.
//
// Frames on the wire: a type byte, the payload's length as four bytes, the payload; all integers little-endian.
// `probe_stream.py` reads them and says what each holds.

package coverage

import (
	"bytes"
	"internal/runtime/exithook"
	"math"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	_ "unsafe" // for linkname
)

//go:linkname timeSleepUntil runtime.timeSleepUntil
func timeSleepUntil() int64

//go:linkname netpollAnyWaiters runtime.netpollAnyWaiters
func netpollAnyWaiters() bool

const (
	firstInterval = 2 * time.Millisecond
	lastInterval  = 25 * time.Millisecond
	dumpInterval  = 40 * time.Millisecond
	restFactor    = 99 // what costs t is repeated after 99 t at the earliest: one per cent of the time

	liveDumpMost  = 1000    // goroutines listed while the program runs
	finalDumpMost = 10000   // goroutines listed one by one at the end; beyond, they are grouped
	dumpBytesMost = 8 << 20 // of the text of one dump

	truthPatience = 50 * time.Millisecond

	marksAtOnce  = 1000 // later marks are thinned to one in markInterval
	markInterval = 10 * time.Millisecond
)

// startsMost is how many go statements are noted one by one, so that a short program's picture is exact. After them a
// go statement costs a program one load of an atomic.
const (
	startsMost   = 2000
	startsAtOnce = 64 // told right away, in case of a crash
)

// A start is the count that a go statement led to. t is written last.
type start struct {
	count, line  int64
	file, called string
	t            atomic.Int64
}

const (
	dumpComplete = 1 << iota // every goroutine is in it
	dumpProof                // taken right after a cycle of the leak profile
	dumpSettle               // taken at the start of settling
	dumpFinal                // nothing comes after it
)

type probeState struct {
	fd      int
	settle  time.Duration
	started time.Time

	timer *time.Timer
	// turn is odd while a tick runs. Together with due and gone it tells NumGoroutine whether a goroutine of the
	// probe can have been in a count: not before due, and not after gone.
	turn atomic.Int64
	due  atomic.Int64
	gone atomic.Int64

	ticks    int64 // timer callbacks so far, each a goroutine that the program did not start
	interval time.Duration
	nextDump time.Time
	lastDump []byte
	quiet    int
	finished atomic.Bool

	sending sync.Mutex
	deaf    bool // the program closed our descriptor

	starts      [startsMost]start
	startsTaken atomic.Int64
	startsSent  int64
	telling     sync.Mutex

	chance atomic.Uint64 // the state of the random numbers behind yields

	marks    atomic.Int64
	lastMark atomic.Int64

	sample    []metrics.Sample
	hasStates bool
	created0  int64
	system0   int64
}

var probe probeState

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

func init() {
	setting, found := syscall.Getenv("GOLEAK_PROBE") // descriptor, settling time in milliseconds, seed (0: no yields)
	if !found {
		return
	}
	syscall.Unsetenv("GOLEAK_PROBE")
	fdText, rest, _ := strings.Cut(setting, " ")
	settleText, seedText, _ := strings.Cut(rest, " ")
	fd, err := strconv.Atoi(fdText)
	settle, err2 := strconv.Atoi(settleText)
	seed, err3 := strconv.ParseUint(seedText, 10, 64)
	if err != nil || err2 != nil || err3 != nil {
		return
	}
	p := &probe
	p.fd = moveAway(fd)
	p.chance.Store(seed)
	p.settle = time.Duration(settle) * time.Millisecond
	p.started = time.Now()
	dieWithParent()

	for _, name := range metricNames {
		p.sample = append(p.sample, metrics.Sample{Name: name})
	}
	metrics.Read(p.sample)
	p.hasStates = p.sample[metricRunning].Value.Kind() == metrics.KindUint64
	p.created0 = p.metric(metricCreated)
	p.system0 = p.metric(metricGoroutines) - int64(runtime.NumGoroutine())

	exithook.Add(exithook.Hook{F: atExit, RunOnFailure: true})
	proof := "0"
	if pprof.Lookup("goroutineleak") != nil {
		proof = "1"
	}
	p.send('H', []byte(runtime.Version()+" "+proof))
	p.report(runtime.NumGoroutine())
	p.interval = firstInterval
	p.due.Store(int64(time.Since(p.started) + p.interval))
	aboveLowDescriptors(p.fd, func() { p.timer = time.AfterFunc(p.interval, tick) })
}

// GoleakNumGoroutine stands for the program's own call of runtime.NumGoroutine: it returns what the program would
// read without the probe, and tells the notebook.
func GoleakNumGoroutine(read func() int, file string, line int) int {
	p := &probe
	if p.timer == nil {
		return read()
	}
	value := p.truth(read)
	now := time.Since(p.started)
	if p.marks.Add(1) > marksAtOnce {
		last := p.lastMark.Load()
		if int64(now)-last < int64(markInterval) || !p.lastMark.CompareAndSwap(last, int64(now)) {
			return value
		}
	}
	payload := numbers(int64(now), int64(value), int64(line))
	p.send('m', append(payload, file...))
	return value
}

// GoleakGo is called right before each go statement of the program, which stands at that line and calls that function.
func GoleakGo(file string, line int, called string) {
	p := &probe
	if p.startsTaken.Load() >= startsMost || p.timer == nil {
		return
	}
	place := p.startsTaken.Add(1) - 1
	if place >= startsMost {
		return
	}
	count := int64(runtime.NumGoroutine()) + 1 - p.turn.Load()%2
	noted := &p.starts[place]
	noted.count, noted.file, noted.line, noted.called = count, file, int64(line), called
	noted.t.Store(int64(time.Since(p.started)))
	if place < startsAtOnce {
		p.tellStarts()
	}
}

// tellStarts sends the go statements noted since the last call.
func (p *probeState) tellStarts() {
	if !p.telling.TryLock() {
		return
	}
	defer p.telling.Unlock()
	for ; p.startsSent < min(p.startsTaken.Load(), startsMost); p.startsSent++ {
		noted := &p.starts[p.startsSent]
		t := noted.t.Load()
		if t == 0 {
			return // being written
		}
		p.send('b', append(numbers(t, noted.count, noted.line), noted.file+"\x00"+noted.called...))
	}
}

// GoleakYield stands before statements at which goroutines meet. With a seed it now and then lets others go first, so
// that runs with other seeds see other schedules.
func GoleakYield() {
	p := &probe
	state := p.chance.Load()
	if state == 0 {
		return
	}
	// The additive step of splitmix64: every goroutine takes the next number of one sequence.
	z := p.chance.Add(0x9e3779b97f4a7c15)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	switch {
	case z%64 == 0:
		time.Sleep(time.Duration(z>>32%2000) * time.Microsecond)
	case z%8 == 1:
		time.Sleep(time.Duration(z>>32%50) * time.Microsecond)
	case z%4 == 2:
		runtime.Gosched()
	}
}

// truth reads the count at a moment at which it is certain whether a tick's goroutine is part of it.
func (p *probeState) truth(read func() int) int {
	for tries := 0; ; tries++ {
		turn := p.turn.Load()
		count := read()
		now := int64(time.Since(p.started))
		if p.turn.Load() == turn {
			if turn%2 == 1 {
				return count - 1
			}
			if p.finished.Load() || (now < p.due.Load() && now > p.gone.Load()) {
				return count
			}
		}
		if tries%128 != 127 {
			runtime.Gosched()
			continue
		}
		// The tick's goroutine waits for a processor, or for its thread to be given one.
		if now > p.due.Load()+int64(truthPatience) {
			return count - int(turn%2)
		}
		time.Sleep(20 * time.Microsecond)
	}
}

func tick() {
	p := &probe
	p.turn.Add(1)
	p.ticks++
	again := p.tick()
	if again {
		p.due.Store(int64(time.Since(p.started) + p.interval))
		p.timer.Reset(p.interval)
	} else {
		p.finished.Store(true)
	}
	// The goroutine lives a moment longer than this function.
	p.gone.Store(int64(time.Since(p.started) + 200*time.Microsecond))
	p.turn.Add(1)
}

// tick takes one sample, and a dump when it is due; it tells whether there shall be another tick.
func (p *probeState) tick() bool {
	if p.finished.Load() {
		return false
	}
	began := time.Now()
	if command, settle := p.command(); command == 'F' {
		p.finish(settle, 2)
		return false
	}
	metrics.Read(p.sample)
	count := runtime.NumGoroutine() - 1
	p.report(count)
	if p.asleep(count) {
		// No proof here: its tags would show in the runtime's own report of the deadlock, which is proof enough.
		p.dump(dumpFinal, finalDumpMost)
		p.send('q', nil)
		return false
	}
	if count <= liveDumpMost && !began.Before(p.nextDump) {
		before := time.Now()
		p.dump(0, liveDumpMost)
		p.nextDump = before.Add(max(dumpInterval, restFactor*time.Since(before)))
	}
	p.interval = min(lastInterval, p.interval*5/4)
	p.interval = max(p.interval, restFactor*time.Since(began)/4)
	return true
}

func (p *probeState) metric(which int) int64 {
	if p.sample[which].Value.Kind() != metrics.KindUint64 {
		return -1
	}
	return int64(p.sample[which].Value.Uint64())
}

// report sends the sample just read. System goroutines count among the created but never end, so that their number
// now, less their number at the start, comes off.
func (p *probeState) report(count int) {
	p.tellStarts()
	created := int64(-1)
	if p.hasStates {
		system := p.metric(metricGoroutines) - int64(runtime.NumGoroutine())
		created = p.metric(metricCreated) - p.created0 - p.ticks - (system - p.system0)
	}
	running := p.metric(metricRunning)
	if running > 0 && p.ticks > 0 {
		running-- // this tick
	}
	p.send('s', numbers(int64(time.Since(p.started)), int64(count), created,
		p.metric(metricStacks), p.metric(metricHeap),
		running, p.metric(metricRunnable), p.metric(metricWaiting), p.metric(metricNotInGo)))
}

// asleep tells that nothing can ever run again: no timer is pending, nothing waits for I/O, and every goroutine is
// parked on a channel or a lock. Only a pending timer of ours would then keep the runtime from saying so.
func (p *probeState) asleep(count int) bool {
	idle := timeSleepUntil() == math.MaxInt64 && !netpollAnyWaiters()
	if p.hasStates {
		idle = idle && p.metric(metricRunning) <= 1 && p.metric(metricRunnable) == 0 && p.metric(metricNotInGo) == 0
	}
	if !idle {
		p.quiet = 0
		return false
	}
	p.quiet++
	if p.quiet < 3 {
		return false
	}
	if count > finalDumpMost && p.hasStates {
		return true
	}
	before := time.Now()
	if before.Before(p.nextDump) && count > liveDumpMost {
		return false
	}
	text, complete := p.stacks()
	p.nextDump = before.Add(max(dumpInterval, restFactor*time.Since(before)))
	return complete && allParked(text) && timeSleepUntil() == math.MaxInt64 && !netpollAnyWaiters()
}

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

// headers yields the lines "goroutine 7 [chan receive]:" of a dump.
func headers(text []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(text) > 0 {
			block := text
			if end := bytes.Index(text, []byte("\n\n")); end >= 0 {
				block, text = text[:end], text[end+2:]
			} else {
				text = nil
			}
			line, _, _ := bytes.Cut(block, []byte("\n"))
			if bytes.HasPrefix(line, []byte("goroutine ")) && bytes.IndexByte(line, '[') > 0 && !yield(line) {
				return
			}
		}
	}
}

// atExit runs when main has returned or os.Exit was called, on the goroutine that did. From here on the program's
// output is none: without the probe it would have ended.
func atExit() {
	p := &probe
	if p.finished.Swap(true) {
		return
	}
	p.timer.Stop()
	silence()
	p.send('r', numbers(int64(time.Since(p.started))))
	p.finish(p.settle, 1)
}

// finish lets late goroutines end and tells what is left. own is how many goroutines of the count are not the
// program's workers: the calling one and, in a tick, main.
func (p *probeState) finish(settle time.Duration, own int) {
	p.finished.Store(true)
	showLabels()
	began := time.Now()
	if runtime.NumGoroutine() > own {
		p.dump(dumpSettle, finalDumpMost)
	}
	var proofCost, proved time.Duration
	seen, passes := -1, 2
	for wait := time.Millisecond; ; wait = min(wait*2, 10*time.Millisecond) {
		count := runtime.NumGoroutine()
		elapsed := time.Since(began)
		if count <= own || elapsed >= settle {
			break
		}
		if count != seen && elapsed-proved >= 10*proofCost {
			seen = count
			before := time.Now()
			if p.allLeaked() {
				passes = 1
				break
			}
			proofCost, proved = time.Since(before), time.Since(began)
		}
		time.Sleep(min(wait, settle-elapsed))
		if command, _ := p.command(); command == 'F' {
			break
		}
	}
	p.conclude(own, passes)
	metrics.Read(p.sample)
	p.report(max(1, runtime.NumGoroutine()-own+1))
	p.send('e', numbers(int64(time.Since(p.started))))
}

// showLabels has stacks tell their goroutines' labels, which Go 1.26 does only when asked; the program is over.
func showLabels() {
	setting, _ := syscall.Getenv("GODEBUG")
	syscall.Setenv("GODEBUG", strings.TrimPrefix(setting+",tracebacklabels=1", ","))
}

// allLeaked runs the runtime's leak detection once, and tells whether it tagged every worker that is left. If so, this
// was the first of the two passes.
func (p *probeState) allLeaked() bool {
	profile := pprof.Lookup("goroutineleak")
	if profile == nil || runtime.NumGoroutine() > finalDumpMost {
		return false
	}
	text := prove(profile, 2)
	for header := range headers(text) {
		if !bytes.Contains(header, []byte("(leaked)")) && !bytes.HasPrefix(header, []byte("goroutine 1 ")) {
			return false
		}
	}
	p.send('d', append(numbers(int64(time.Since(p.started)), dumpProof|dumpComplete), text...))
	return true
}

// conclude sends the last word on every goroutine: the passes of the proof where this Go can prove, and a dump.
func (p *probeState) conclude(own, passes int) {
	count := runtime.NumGoroutine()
	if count <= own {
		p.send('d', numbers(int64(time.Since(p.started)), dumpFinal|dumpComplete))
		return
	}
	profile := pprof.Lookup("goroutineleak")
	if count <= finalDumpMost {
		if profile == nil {
			p.dump(dumpFinal, finalDumpMost)
			return
		}
		for pass := range passes {
			text := prove(profile, 2)
			flags := int64(dumpProof | dumpComplete)
			if pass == passes-1 {
				flags |= dumpFinal
			}
			p.send('d', append(numbers(int64(time.Since(p.started)), flags), text...))
		}
		return
	}
	if profile != nil {
		for range passes {
			p.send('g', append(numbers(int64(time.Since(p.started)), 1), prove(profile, 1)...))
		}
	}
	var all bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&all, 1)
	p.send('g', append(numbers(int64(time.Since(p.started)), 0), all.Bytes()...))
	p.dump(dumpFinal, math.MaxInt-1)
}

// prove runs one cycle of leak detection and returns its profile, without the calling goroutine where it lists them.
func prove(profile *pprof.Profile, debug int) []byte {
	var out bytes.Buffer
	profile.WriteTo(&out, debug)
	if debug == 2 {
		return withoutFirst(out.Bytes())
	}
	return out.Bytes()
}

// dump sends the stacks of at most `most` goroutines; where the last dump said the same, it says just that.
func (p *probeState) dump(flags int64, most int) {
	if runtime.NumGoroutine() > most+1 {
		return
	}
	text, complete := p.stacks()
	now := int64(time.Since(p.started))
	if complete {
		flags |= dumpComplete
		if flags == dumpComplete && bytes.Equal(text, p.lastDump) {
			p.send('u', numbers(now))
			return
		}
	}
	p.send('d', append(numbers(now, flags), text...))
	p.lastDump = append(p.lastDump[:0], text...)
}

var stackBuffer = make([]byte, 0)

// stacks returns the text of all stacks but the calling goroutine's, and whether none was cut off.
func (p *probeState) stacks() ([]byte, bool) {
	if len(stackBuffer) == 0 {
		stackBuffer = make([]byte, 64<<10)
	}
	for {
		n := runtime.Stack(stackBuffer, true)
		if n < len(stackBuffer) {
			return withoutFirst(stackBuffer[:n]), true
		}
		if len(stackBuffer) >= dumpBytesMost {
			return withoutFirst(stackBuffer[:n]), false
		}
		grown := min(dumpBytesMost, max(2*len(stackBuffer), 600*runtime.NumGoroutine()))
		stackBuffer = make([]byte, grown)
	}
}

func withoutFirst(text []byte) []byte {
	if end := bytes.Index(text, []byte("\n\n")); end >= 0 {
		return text[end+2:]
	}
	return nil
}

// command reads what the notebook asks, without waiting. Its end of the line gone means that nobody looks any more.
func (p *probeState) command() (byte, time.Duration) {
	if p.deaf {
		return 0, 0
	}
	var buffer [5]byte
	n, _, err := syscall.Recvfrom(p.fd, buffer[:], syscall.MSG_DONTWAIT)
	if n == 0 && err == nil {
		die()
	}
	if n == 5 {
		millis := int(buffer[1]) | int(buffer[2])<<8 | int(buffer[3])<<16
		return buffer[0], time.Duration(millis) * time.Millisecond
	}
	return 0, 0
}

func (p *probeState) send(kind byte, payload []byte) {
	frame := make([]byte, 0, 5+len(payload))
	size := len(payload)
	frame = append(frame, kind, byte(size), byte(size>>8), byte(size>>16), byte(size>>24))
	frame = append(frame, payload...)
	p.sending.Lock()
	defer p.sending.Unlock()
	for len(frame) > 0 && !p.deaf {
		n, err := syscall.Write(p.fd, frame)
		switch {
		case n > 0:
			frame = frame[n:]
		case err == syscall.EINTR || err == syscall.EAGAIN:
		case err == syscall.EPIPE || err == syscall.ECONNRESET:
			die()
		default:
			p.deaf = true
		}
	}
}

// die ends the program and what it started, as it would end with the terminal that it was started from.
func die() {
	if syscall.Getpgrp() == syscall.Getpid() {
		syscall.Kill(0, syscall.SIGKILL)
	}
	syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
}

func numbers(values ...int64) []byte {
	out := make([]byte, 0, 8*len(values))
	for _, v := range values {
		out = append(out, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
	}
	return out
}
