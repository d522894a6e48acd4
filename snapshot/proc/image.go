package proc

import "stilltrace/index"

// A process stays the same one when it starts another program (execve(2)), and
// what was read before is then of the old one: its arguments would stand beside
// the name of another executable. It shows by the name or by the stack in stat,
// which differ between the first reading and the last, or by the executable: the
// link was read at the beginning, and the file is asked for at the end. In
// between there is a moment without arguments. A process that starts another
// program after the last reading of stat, and is back at the old one when the
// file is asked for, is not noticed.

// maxTurns is how often such a process is read again.
const maxTurns = 2

// image is an executable by its name, in a mount namespace.
type image struct {
	space uint64
	path  string
	gone  bool
}

// otherImage reports whether the file that runs is not the one that the link
// named. A name that had the same file before, of whichever process, is not read
// again.
func (v *visit) otherImage(now *index.FileIdentity) bool {
	name := image{v.p.Spaces.Mnt, v.p.Exe, v.p.ExeGone}
	if was, ok := v.images[name]; ok && was == *now {
		return false
	}
	if v.otherName() {
		return true
	}
	v.images.keep(name, *now)
	return false
}

// otherName reports whether the link names another file by now.
func (v *visit) otherName() bool {
	text, err := v.dir.link("exe")
	if err != nil {
		return false // it ended, and has shown no other
	}
	path, gone := v.dir.gone("exe", text)
	return path != v.p.Exe || gone != v.p.ExeGone
}

// repeat reads a process once more that started another program while it was
// being read. The result is nil, and slow says why, where it is no longer there,
// or does not come to rest.
func (v *visit) repeat(slow *slowPart, next func(step) bool) *visit {
	changed := v.turned || slow.turned
	for range maxTurns {
		if !next(stepStat) {
			break
		}
		again := newVisit(v.reader, v.hand, v.pid, nil)
		again.open()
		if again.p == nil || again.p.StartTime != v.p.StartTime || again.ended {
			again.close()
			break
		}
		s := again.slowly(next)
		again.close()
		if !again.turned && !s.turned {
			again.glimpse, again.p.Interval = v.glimpse, v.p.Interval
			*slow = s
			return again
		}
		changed = true
	}
	if !changed {
		return nil
	}
	slow.gaps = append(slow.gaps, index.Gap{Area: areaProcess, Place: v.at(""), Reason: index.ReasonChanged, PID: v.pid, Count: 1,
		Detail: "it started another program, or took another name, while it was being read: some of this is from before"})
	return nil
}
