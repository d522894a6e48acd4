package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"stilltrace/index"
)

// The areas of a gap.
const (
	areaHost    = "host"
	areaProcess = "process"
	areaSocket  = "socket"
)

var (
	errTooLarge    = errors.New("larger than the limit")
	errUnsupported = errors.New("not a regular file")
	errTorn        = errors.New("not of the known shape")
	errChanged     = errors.New("it changed while it was being read")
	errBlocked     = errors.New("it cannot be read: the kernel does not answer")
	errLate        = errors.New("the time for the state of the host was over")
	errHashTime    = errors.New("the time for hashing was over")
)

// torn is the error of a parser: what it missed.
func torn(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errTorn, fmt.Sprintf(format, args...))
}

// explain says why err kept something from being read, and in which words.
func explain(err error) (index.Reason, string) {
	var errno syscall.Errno
	var path *fs.PathError
	switch {
	case errors.Is(err, errTooLarge):
		return index.ReasonTooLarge, clip(err.Error())
	case errors.Is(err, errChanged):
		return index.ReasonChanged, err.Error()
	case errors.Is(err, errBlocked):
		return index.ReasonBlocked, err.Error()
	case errors.Is(err, errLate), errors.Is(err, errHashTime):
		return index.ReasonDeadline, err.Error()
	case errors.Is(err, errUnsupported):
		return index.ReasonUnsupported, clip(err.Error())
	case errors.As(err, &errno):
		return reasonOf(errno), errno.Error()
	case errors.As(err, &path):
		return index.ReasonUnsupported, clip(path.Err.Error()) // a refusal that is not the kernel's
	}
	return index.ReasonTorn, clip(err.Error())
}

func reasonOf(errno syscall.Errno) index.Reason {
	switch errno {
	case syscall.EACCES, syscall.EPERM:
		return index.ReasonPermission
	case syscall.ENOENT, syscall.ESRCH:
		return index.ReasonVanished
	case syscall.ELOOP, syscall.ENOTDIR, syscall.EINVAL, syscall.EISDIR:
		return index.ReasonUnsupported // a link where a file was expected, a file where a link was, …
	}
	return index.ReasonIO
}

func clip(s string) string {
	if len(s) > maxDetail {
		return s[:maxDetail]
	}
	return s
}

// absentGap is the gap of a place where nothing ends while it is being read:
// a fact of the host, a table, a file of a copied tree.
func absentGap(area, place string, err error) index.Gap {
	reason, detail := explain(err)
	if reason == index.ReasonVanished {
		reason = index.ReasonAbsent
	}
	return index.Gap{Area: area, Place: place, Reason: reason, Detail: detail, Count: 1}
}

// badLines notes the lines of one file that could not be read, so that a file
// of nothing else costs a few gaps and not one a line.
type badLines struct {
	gap         func(index.Gap)
	area, place string
	seen        map[index.Reason]int
}

func (b *badLines) note(line int, err error) {
	reason, detail := explain(err)
	if b.seen == nil {
		b.seen = map[index.Reason]int{}
	}
	if b.seen[reason]++; b.seen[reason] > maxBadLines {
		return
	}
	b.gap(index.Gap{Area: b.area, Place: fmt.Sprintf("%s:%d", b.place, line), Reason: reason, Detail: detail, Count: 1})
}

func (b *badLines) done() {
	for _, reason := range []index.Reason{index.ReasonTorn, index.ReasonTooLarge} {
		if rest := b.seen[reason] - maxBadLines; rest > 0 {
			b.gap(index.Gap{Area: b.area, Place: b.place, Reason: reason, Detail: "further lines of this file", Count: rest})
		}
	}
}
