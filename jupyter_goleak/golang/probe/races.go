package coverage

import (
	"bytes"
	"internal/race"
	"syscall"
)

// The race detector puts each of its reports between two such lines.
const (
	reportRule  = "==================\n"
	reportBegin = reportRule + "WARNING: DATA RACE\n"
)

// lateRaces is what is printed on standard error while the program settles: the detector ends the program with a code of its
// own for a race that it finds then, which its report explains.
type lateRaces struct {
	reader int // 0 where nothing is kept
	stderr int
	text   []byte
}

// keep puts a pipe in the place of standard error, in a build with the race detector, and returns whether it has. A full one
// refuses what comes next: nobody is held up by it.
func (l *lateRaces) keep(fd int) bool {
	if !race.Enabled {
		return false
	}
	stderr, err := syscall.Dup(fd)
	if err != nil {
		return false
	}
	syscall.CloseOnExec(stderr)
	var ends [2]int
	if syscall.Pipe(ends[:]) != nil {
		return false
	}
	for _, end := range ends {
		syscall.CloseOnExec(end)
		syscall.SetNonblock(end, true)
	}
	replace(fd, ends[1])
	syscall.Close(ends[1])
	l.reader, l.stderr = ends[0], stderr
	return true
}

// tell takes what has come, and lets nothing but whole reports of races pass.
func (l *lateRaces) tell() {
	var piece [4096]byte
	for l.reader > 0 {
		n, err := syscall.Read(l.reader, piece[:])
		if n <= 0 || err != nil {
			break
		}
		l.text = append(l.text, piece[:n]...)
	}
	for {
		at := bytes.Index(l.text, []byte(reportBegin))
		if at < 0 {
			l.text = l.text[max(0, len(l.text)-len(reportBegin)):]
			return
		}
		l.text = l.text[at:]
		end := bytes.Index(l.text[len(reportBegin):], []byte(reportRule))
		if end < 0 {
			return
		}
		whole := len(reportBegin) + end + len(reportRule)
		syscall.Write(l.stderr, l.text[:whole])
		l.text = l.text[whole:]
	}
}
