package coverage

import (
	"syscall"
	"time"
	"unsafe"
)

// Descriptors are handed out from the lowest, and programs that close "all" of them count up from 3.
const highDescriptor = 4096

// moveAway gives the notebook's connection a number that the program does not expect. The table of descriptors has to
// grow for it, which takes the kernel some ten milliseconds.
func moveAway(fd int) int {
	high, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, highDescriptor)
	if errno != 0 {
		return fd
	}
	syscall.Close(fd)
	return int(high)
}

//go:linkname entersyscallblock runtime.entersyscallblock
func entersyscallblock()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

type pollDescriptor struct {
	fd              int32
	events, revents int16
}

const pollIn = 1

// receive reads from the connection, and gives up its processor for that at once: anything that waits in the runtime's
// poller costs the program a system call for each goroutine that a processor looks for. It polls, since a socket's own
// time-out (SO_RCVTIMEO) knows no times below the kernel's tick.
//
//go:nosplit
//go:norace
func receive(p *probeState, into *[64]byte, within time.Duration) (int, syscall.Errno) {
	ready := pollDescriptor{fd: int32(p.fd), events: pollIn}
	timeout := syscall.NsecToTimespec(int64(within))
	entersyscallblock()
	n, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&ready)), 1, uintptr(unsafe.Pointer(&timeout)), 0, 0, 0)
	if errno == 0 && n == 0 {
		errno = syscall.EAGAIN
	}
	if errno == 0 {
		n, _, errno = syscall.RawSyscall(syscall.SYS_READ, uintptr(p.fd), uintptr(unsafe.Pointer(into)), uintptr(len(into)))
	}
	exitsyscall()
	return int(n), errno
}

// silence sends what the program still prints nowhere.
func silence() {
	null, err := syscall.Open("/dev/null", syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
	if err == nil {
		syscall.Dup3(null, 1, 0)
		syscall.Dup3(null, 2, 0)
		syscall.Close(null)
	}
}

// dieWithParent has the kernel end the program together with the thread that started it.
func dieWithParent() {
	const setParentDeathSignal = 1
	syscall.RawSyscall(syscall.SYS_PRCTL, setParentDeathSignal, uintptr(syscall.SIGKILL), 0)
}
