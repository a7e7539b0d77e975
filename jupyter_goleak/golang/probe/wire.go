package coverage

import (
	"errors"
	"io"
	"syscall"
)

// Frames on the wire: a type byte, the payload's length as four bytes, the payload; all integers little-endian.
// `probe_stream.py` reads them and says what each holds. The other way comes an F and a number of milliseconds as four
// bytes: it asks for the findings after that settling time.

// send writes one frame at once, and whatever was held before it.
func (p *probeState) send(kind byte, payload ...[]byte) {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.frame(kind, payload)
	p.flush()
}

// hold keeps a frame for the next send or release: each write costs the program, and the notebook wakes up for it.
func (p *probeState) hold(kind byte, payload ...[]byte) {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.frame(kind, payload)
}

// release writes what is held.
func (p *probeState) release() {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.flush()
}

// frame appends one to what is held. Its memory is used again and again: what dumps allocate would bring the program's
// garbage collector forward.
func (p *probeState) frame(kind byte, payload [][]byte) {
	size := 0
	for _, part := range payload {
		size += len(part)
	}
	p.held = append(p.held, kind, byte(size), byte(size>>8), byte(size>>16), byte(size>>24))
	for _, part := range payload {
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
	var errno syscall.Errno
	if err == nil || err == io.EOF {
		return 0
	}
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

func numbers(values ...int64) []byte {
	out := make([]byte, 0, 8*len(values))
	for _, v := range values {
		out = append(out, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
	}
	return out
}
