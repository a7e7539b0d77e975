package coverage

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// What the program calls, where the rewriter has put it: each returns at once, allocates nothing, and does nothing at all
// where nobody watches.

// A start is the count that a go statement led to, once it is ready.
type start struct {
	t, count, line int64
	file, called   constant
	ready          atomic.Bool
}

// The first starts, by value: a program counts what it allocates, and a go statement allocates nothing. Without a pointer in
// them, and apart from what has some, they are nothing for a garbage collection to look at.
var starts [startsMost]start

// GoleakNumGoroutine stands for the program's own call of runtime.NumGoroutine, and tells the notebook.
func GoleakNumGoroutine(read func() int, file string, line int) int {
	p := &probe
	value := read()
	if p.fd == 0 {
		return value
	}
	now := int64(time.Since(p.started))
	if p.marks.Add(1) > marksAtOnce {
		last := p.lastMark.Load()
		if now-last < int64(markInterval) || !p.lastMark.CompareAndSwap(last, now) {
			return value
		}
	}
	p.send('m', numbers{now, int64(value), int64(line)}, bytesOf(file))
	return value
}

// GoleakNumGoroutineFunc stands for runtime.NumGoroutine where the program does not call it, but keeps or passes it.
func GoleakNumGoroutineFunc(read func() int, file string, line int) func() int {
	return func() int { return GoleakNumGoroutine(read, file, line) }
}

// GoleakGo is called right before each go statement of the program, which stands at that line and calls that function; both
// texts are constants. It is small enough to be inlined.
func GoleakGo(file string, line int, called string) {
	if probe.startsTaken.Load() < startsMost {
		probe.noteStart(file, line, called)
	}
}

func (p *probeState) noteStart(file string, line int, called string) {
	if p.fd == 0 {
		return
	}
	place := p.startsTaken.Add(1) - 1
	if place >= startsMost {
		return
	}
	noted := &starts[place]
	noted.t, noted.count, noted.line = int64(time.Since(p.started)), int64(runtime.NumGoroutine())+1, int64(line)
	noted.file, noted.called = constantOf(file), constantOf(called)
	noted.ready.Store(true)
	if place < startsAtOnce {
		p.tellStarts()
		p.release()
	}
}

// tellStarts holds the go statements noted since the last call.
func (p *probeState) tellStarts() {
	if !p.telling.TryLock() {
		return
	}
	defer p.telling.Unlock()
	for ; p.startsSent < min(p.startsTaken.Load(), startsMost); p.startsSent++ {
		noted := &starts[p.startsSent]
		if !noted.ready.Load() {
			return
		}
		p.hold('b', numbers{noted.t, noted.count, noted.line}, noted.file.bytes(), []byte{0}, noted.called.bytes())
	}
}

// GoleakTest is called where a function that is given a test begins: whatever goroutine it runs on works for that test.
func GoleakTest(test interface{ Name() string }) {
	p := &probe
	none := (*[2]unsafe.Pointer)(unsafe.Pointer(&test))[1] == nil // a nil *testing.T has no name
	if p.fd == 0 || none || p.tests.Add(1) > testsMost {
		return
	}
	number := goroutineNumber()
	p.hold('t', numbers{number}, bytesOf(test.Name()))
	// A helper that is given the test too, on its goroutine, begins nothing.
	if p.lookedIn.Swap(number) != number && runtime.NumGoroutine() > main+1 && p.looks.Add(1) <= looksAtOnce {
		p.look()
	}
}

// look lists the goroutines that are there: where the test that begins brings the program down, nobody does any more.
func (p *probeState) look() {
	if !p.ticking.TryLock() {
		return
	}
	defer p.ticking.Unlock()
	if !p.ended.Load() {
		p.dump(0, lookMost)
	}
}

var ownStack struct {
	sync.Mutex
	text [64]byte
}

// goroutineNumber reads off the number of the calling goroutine: "goroutine 12 [running]:".
func goroutineNumber() (number int64) {
	ownStack.Lock()
	defer ownStack.Unlock()
	runtime.Stack(ownStack.text[:], false)
	for _, digit := range ownStack.text[len("goroutine "):] {
		if digit < '0' || digit > '9' {
			break
		}
		number = 10*number + int64(digit-'0')
	}
	return number
}

// GoleakYield stands before statements at which goroutines meet. With a seed it now and then lets others go first, so
// that runs with other seeds see other schedules. Pauses are of every scale, from a microsecond to 16 ms, and come ever
// more rarely: a short program needs many of them to show another order, and a long one must not take minutes.
func GoleakYield() {
	p := &probe
	if p.seed == 0 {
		return
	}
	n := p.yields.Add(1)
	// splitmix64: the n-th number of the seed's sequence.
	z := p.seed + n*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	switch {
	case z%max(4, n/16) == 0:
		time.Sleep(time.Microsecond << (z >> 32 % 15))
	case z%4 == 1:
		runtime.Gosched()
	}
}
