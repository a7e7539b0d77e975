package coverage

import "syscall"

// Descriptors are handed out from the lowest, and programs that close "all" of them count up from 3.
const (
	highDescriptor = 4096
	lowDescriptors = 1024
)

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

// aboveLowDescriptors lets create open its descriptors above those that programs use: what waits for the notebook makes the
// runtime's poller open two, which other programs may not have, and none would survive the closing of.
func aboveLowDescriptors(fd int, create func()) {
	var filled []int
	for {
		low, err := syscall.Dup(fd)
		if err != nil {
			break
		}
		filled = append(filled, low)
		if low >= lowDescriptors {
			break
		}
	}
	create()
	for _, low := range filled {
		syscall.Close(low)
	}
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
