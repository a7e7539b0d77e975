package coverage

import (
	"errors"
	"io"
	"syscall"
)

// Frames on the wire: a type byte, the payload's length as four bytes, the payload; all integers little-endian.
// `probe_stream.py` reads them and says what each holds. The other way come single bytes: T asks for a sample, F and
// four bytes (a number of milliseconds, of which two count) for the findings after that settling time.

// send writes one frame at once, so that frames of different goroutines do not mix.
func (p *probeState) send(kind byte, payload []byte) {
	size := len(payload)
	frame := make([]byte, 0, 5+size)
	frame = append(frame, kind, byte(size), byte(size>>8), byte(size>>16), byte(size>>24))
	frame = append(frame, payload...)
	_, err := p.file.Write(frame)
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
