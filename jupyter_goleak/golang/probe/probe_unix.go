//go:build unix && !linux

package coverage

import (
	"syscall"
	"time"
)

// await leaves what has come where it is.
func await(fd int, within time.Duration) error {
	if !probe.connected() {
		return syscall.EBADF
	}
	timeout := syscall.NsecToTimeval(int64(within))
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &timeout); err != nil {
		return err
	}
	var first [1]byte
	_, _, err := syscall.Recvfrom(fd, first[:], syscall.MSG_PEEK)
	return err
}

// threadTime is the whole process's: while a dump is taken, the other threads mostly stand still.
func threadTime() time.Duration { return processorTime() }

func replace(fd, by int) { syscall.Dup2(by, fd) }

func dieWithParent() {}
