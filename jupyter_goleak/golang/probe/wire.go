package coverage

import (
	"syscall"
	"time"
	"unsafe"
)

// Frames on the wire: a type byte, the payload's length as four bytes, the payload; all integers little-endian.
// `probe_stream.py` reads them and says what each holds. The other way comes an F and a number of milliseconds as four
// bytes: it asks for the findings after that settling time.

// A fileID is what a descriptor stands for, be its number what it may; zero where it is closed. The program can close any
// number, and the next thing that it opens gets it.
type fileID struct{ dev, ino uint64 }

func identify(fd int) fileID {
	var about syscall.Stat_t
	if syscall.Fstat(fd, &about) != nil {
		return fileID{}
	}
	return fileID{uint64(about.Dev), uint64(about.Ino)}
}

// connected tells that the descriptor is still ours.
func (p *probeState) connected() bool { return identify(p.fd) == p.connection }

// receive reads what the notebook asks for: EAGAIN where that was nothing within the time, EBADF where the program has
// closed the connection.
func (p *probeState) receive(into []byte, within time.Duration) (int, error) {
	err := await(p.fd, within)
	if !p.connected() {
		return 0, syscall.EBADF
	}
	if err != nil {
		return 0, err
	}
	n, _, err := syscall.Recvfrom(p.fd, into, syscall.MSG_DONTWAIT)
	return n, err
}

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

// flush writes what is held, in a way that only a socket takes: nothing of it can come to stand in a file of the program's.
func (p *probeState) flush() {
	for rest := p.held; len(rest) > 0 && p.connected(); {
		n, err := syscall.SendmsgN(p.fd, rest, nil, nil, 0)
		switch err {
		case nil:
			rest = rest[n:]
		case syscall.EINTR:
		case syscall.EPIPE, syscall.ECONNRESET:
			p.die()
		default:
			rest = nil
		}
	}
	p.held = p.held[:0]
}

// die ends the program and what it started, as it would end with the terminal that it was started from; but not for what
// another file has said.
func (p *probeState) die() {
	if !p.connected() {
		return
	}
	if syscall.Getpgrp() == syscall.Getpid() {
		syscall.Kill(0, syscall.SIGKILL)
	}
	syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
}

// bytesOf is the memory of the text itself, which nobody may write to.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// A constant is a text that the program was built with. It never moves and is never freed, so that its address will do.
type constant struct {
	at   uintptr
	size int
}

func constantOf(text string) constant {
	return constant{uintptr(unsafe.Pointer(unsafe.StringData(text))), len(text)}
}

func (c constant) bytes() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(c.at)), c.size) }
