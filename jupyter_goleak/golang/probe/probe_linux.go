package coverage

import (
	"syscall"
	"time"
	"unsafe"
)

//go:linkname entersyscallblock runtime.entersyscallblock
func entersyscallblock()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

type pollDescriptor struct {
	fd              int32
	events, revents int16
}

const pollIn = 1

// await waits until there is something to read, and gives up its processor for that at once: anything that waits in the
// runtime's poller costs the program a system call for each goroutine that a processor looks for. It polls, since a
// socket's own time-out (SO_RCVTIMEO) knows no times below the kernel's tick.
//
//go:nosplit
//go:norace
func await(fd int, within time.Duration) error {
	ready := pollDescriptor{fd: int32(fd), events: pollIn}
	timeout := syscall.NsecToTimespec(int64(within))
	entersyscallblock()
	n, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&ready)), 1, uintptr(unsafe.Pointer(&timeout)), 0, 0, 0)
	exitsyscall()
	switch {
	case errno != 0:
		return errno
	case n == 0:
		return syscall.EAGAIN
	}
	return nil
}

// threadTime is the processor time of the calling thread. Getrusage tells it only as of the kernel's last tick.
func threadTime() time.Duration {
	const threadClock = 3
	var used syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&used)), 0)
	return time.Duration(used.Nano())
}

// replace lets a descriptor stand for another file.
func replace(fd, by int) { syscall.Dup3(by, fd, 0) }

// dieWithParent has the kernel end the program together with the thread that started it.
func dieWithParent() {
	const setParentDeathSignal = 1
	syscall.RawSyscall(syscall.SYS_PRCTL, setParentDeathSignal, uintptr(syscall.SIGKILL), 0)
}
