package coverage

import (
	"bytes"
	"math"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	dumpComplete = 1 << iota // every goroutine is in it
	dumpProof                // taken right after a cycle of the leak profile
	dumpSettle               // taken at the start of settling, or halfway
	dumpFinal                // nothing comes after it
)

// What a grouped profile counts.
const (
	countFinal = iota
	countLeaked
	countHalfway
)

// main is what is left when all of the program's workers have ended, or the goroutine that called os.Exit.
const main = 1

// atExit runs when main has returned or os.Exit was called, on the goroutine that did. From here on the program's
// output is none: without the probe it would have ended.
func atExit() {
	p := &probe
	if p.ended.Swap(true) {
		return
	}
	p.ticking.Lock()
	if !p.connected() {
		return
	}
	p.silence()
	p.send('r', numbers{int64(time.Since(p.started))})
	p.finish(true)
}

// silence sends what the program still prints nowhere, but for reports of races. What has come in the place of its standard
// streams since its start may be anything, and is left alone.
func (p *probeState) silence() {
	null, err := syscall.Open("/dev/null", syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	for fd := 1; fd <= len(p.output); fd++ {
		if now := identify(fd); now != (fileID{}) && (now == p.output[0] || now == p.output[1]) {
			if fd != 2 || !p.late.keep(fd) {
				replace(fd, null)
			}
		}
	}
	syscall.Close(null)
}

// Looks at the settling program begin here and come at one and a half times the time each: whenever it dies, two of them lie in
// the second half of what it had.
const firstLook = time.Millisecond

// finish lets late goroutines end and tells what is left. Whoever stops the program meanwhile shortens the settling.
// `returned`: the program's own work is over.
func (p *probeState) finish(returned bool) {
	showLabels()
	began := time.Now()
	if runtime.NumGoroutine() > main {
		p.dump(dumpSettle, finalDumpMost)
	}
	var proofCost, proved time.Duration
	seen, passes, atHalf, recounted, look := -1, 2, 0, !returned, firstLook
	for wait := time.Millisecond; ; wait = min(wait*2, 10*time.Millisecond) {
		p.late.tell()
		settle := time.Duration(p.settle.Load())
		count := runtime.NumGoroutine()
		elapsed := time.Since(began)
		if count <= main || elapsed >= settle {
			break
		}
		switch {
		case atHalf == 0 && elapsed >= settle/2:
			// What still comes to rest now has the second half to show that it stays.
			atHalf = count
			p.dump(dumpSettle, finalDumpMost)
		case returned && elapsed >= look:
			// A late goroutine may bring the program down, and then this is what is known of the others.
			p.dump(0, liveDumpMost)
			look = elapsed + elapsed/2
		}
		if !recounted && atHalf > 0 && count != atHalf && count > finalDumpMost {
			// Counting the stacks of very many takes long: only where some of them move is it done twice.
			recounted = true
			p.countStacks(countHalfway)
		}
		// While a timer is pending not all are leaked, even if nothing reaches them: the proof follows no weak pointers.
		if count != seen && noTimerPending() && elapsed-proved >= 10*proofCost {
			seen = count
			before := time.Now()
			if p.allLeaked() {
				passes = 1
				break
			}
			proofCost, proved = time.Since(before), time.Since(began)
		}
		time.Sleep(min(wait, settle-elapsed))
	}
	steady := !recounted && (atHalf == runtime.NumGoroutine() || p.settle.Load() == 0)
	p.conclude(passes, steady)
	p.late.tell()
	p.measure()
	p.report()
	p.send('e', numbers{int64(time.Since(p.started))})
}

// showLabels has stacks tell their goroutines' labels, which Go 1.26 does only when asked; the program is over.
func showLabels() {
	setting, _ := syscall.Getenv("GODEBUG")
	syscall.Setenv("GODEBUG", strings.TrimPrefix(setting+",tracebacklabels=1", ","))
}

// allLeaked runs the runtime's leak detection once, and tells whether it tagged every worker that is left. If so, this
// was the first of the two passes.
func (p *probeState) allLeaked() bool {
	if goroutineLeakProfile == nil || runtime.NumGoroutine() > finalDumpMost {
		return false
	}
	text := prove(2)
	for header := range headers(text) {
		if !bytes.Contains(header, []byte("(leaked)")) && !bytes.HasPrefix(header, []byte("goroutine 1 ")) {
			return false
		}
	}
	p.send('d', numbers{int64(time.Since(p.started)), dumpProof | dumpComplete}, text)
	return true
}

// conclude sends the last word on every goroutine: the passes of the proof where this Go can prove, and a dump. `steady`:
// they are as many as they were halfway.
func (p *probeState) conclude(passes int, steady bool) {
	count := runtime.NumGoroutine()
	if count <= main {
		p.dump(dumpFinal, finalDumpMost)
		return
	}
	if count <= finalDumpMost {
		if goroutineLeakProfile == nil {
			p.dump(dumpFinal, finalDumpMost)
			return
		}
		for pass := range passes {
			flags := int64(dumpProof | dumpComplete)
			if pass == passes-1 {
				flags |= dumpFinal
			}
			text := prove(2)
			p.send('d', numbers{int64(time.Since(p.started)), flags}, text)
		}
		return
	}
	if steady {
		p.countStacks(countHalfway, countFinal)
	} else {
		p.countStacks(countFinal)
	}
	p.dump(dumpFinal, math.MaxInt-1)
	// Last, since nobody may have the patience for it: among many that queue for one lock it takes the square of their
	// number.
	for range passes {
		if goroutineLeakProfile != nil {
			p.send('g', numbers{int64(time.Since(p.started)), countLeaked}, prove(1))
		}
	}
}

// countStacks sends how many goroutines share each stack, as what it was halfway through the settling, at its end, or both.
func (p *probeState) countStacks(as ...int64) {
	var all bytes.Buffer
	goroutineProfile.WriteTo(&all, 1)
	for _, each := range as {
		p.send('g', numbers{int64(time.Since(p.started)), each}, all.Bytes())
	}
}

// prove runs one cycle of leak detection and returns its profile, without the calling goroutine where it lists them.
func prove(debug int) []byte {
	var out bytes.Buffer
	goroutineLeakProfile.WriteTo(&out, debug)
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
			p.send('u', numbers{now})
			return
		}
	}
	p.send('d', numbers{now, flags}, text)
	p.lastDump = append(p.lastDump[:0], text...)
}

var stackBuffer []byte

// stacks returns the text of all stacks but the calling goroutine's, and whether none was cut off.
func (p *probeState) stacks() ([]byte, bool) {
	if stackBuffer == nil {
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
		stackBuffer = make([]byte, min(dumpBytesMost, max(2*len(stackBuffer), 600*runtime.NumGoroutine())))
	}
}

func withoutFirst(text []byte) []byte {
	if end := bytes.Index(text, []byte("\n\n")); end >= 0 {
		return text[end+2:]
	}
	return nil
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
