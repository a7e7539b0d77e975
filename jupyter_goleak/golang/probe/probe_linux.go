package coverage

import (
	"syscall"
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

const receivesInPoller = false

//go:linkname entersyscallblock runtime.entersyscallblock
func entersyscallblock()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// receive reads from the connection, and gives up its processor for that at once. While anything waits in the runtime's poller, each
// goroutine that a processor looks for costs the program a system call.
//
//go:nosplit
//go:norace
func receive(p *probeState, into *[64]byte) (int, syscall.Errno) {
	entersyscallblock()
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(p.fd), uintptr(unsafe.Pointer(into)), uintptr(len(into)))
	exitsyscall()
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
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
