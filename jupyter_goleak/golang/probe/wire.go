package coverage

import (
	"errors"
	"io"
	"syscall"
	"unsafe"
)

// Frames on the wire: a type byte, the payload's length as four bytes, the payload; all integers little-endian.
// `probe_stream.py` reads them and says what each holds. The other way comes an F and a number of milliseconds as four
// bytes: it asks for the findings after that settling time.

// The numbers that a frame begins with.
type numbers []int64

// send writes one frame at once, and whatever was held before it.
func (p *probeState) send(kind byte, values numbers, text ...[]byte) {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.frame(kind, values, text)
	p.flush()
}

// hold keeps a frame for the next send or release: each write costs the program, and the notebook wakes up for it.
func (p *probeState) hold(kind byte, values numbers, text ...[]byte) {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.frame(kind, values, text)
}

// release writes what is held.
func (p *probeState) release() {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.flush()
}

// frame appends one to what is held. Nothing is allocated for it once the buffer is large enough: frames are sent from the
// program's goroutines too, and programs count what they allocate.
func (p *probeState) frame(kind byte, values numbers, text [][]byte) {
	size := 8 * len(values)
	for _, part := range text {
		size += len(part)
	}
	p.held = append(p.held, kind, byte(size), byte(size>>8), byte(size>>16), byte(size>>24))
	for _, v := range values {
		p.held = append(p.held, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
	}
	for _, part := range text {
		p.held = append(p.held, part...)
	}
}

func (p *probeState) flush() {
	if len(p.held) == 0 {
		return
	}
	_, err := p.file.Write(p.held)
	p.held = p.held[:0]
	if errno := errnoOf(err); errno == syscall.EPIPE || errno == syscall.ECONNRESET {
		die()
	}
}

// errnoOf is the system's error behind err: 0 where there is none, or only the end of the stream.
func errnoOf(err error) syscall.Errno {
	if err == nil || err == io.EOF {
		return 0
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return syscall.EINVAL
}

// die ends the program and what it started, as it would end with the terminal that it was started from.
func die() {
	if syscall.Getpgrp() == syscall.Getpid() {
		syscall.Kill(0, syscall.SIGKILL)
	}
	syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
}

// bytesOf is the memory of the text itself, which nobody may write to.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }
