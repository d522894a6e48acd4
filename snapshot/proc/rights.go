package proc

import (
	"bytes"
	"errors"
	"strconv"

	"stilltrace/index"
)

// rights reads those of a thread, nil where they are those of its process. The
// process itself is asked again where they differ: setuid(2) of the library
// changes one thread after the other, and may have come in between.
func (v *visit) rights(tasks dir, tid int) *index.ThreadRights {
	if tid == v.pid || len(v.statusText) == 0 {
		return nil
	}
	name := strconv.Itoa(tid) + "/status"
	data, err := tasks.text(name, maxStatus)
	if err != nil && !errors.Is(err, errTooLarge) {
		return nil // it ended; or a copy has only the stat of threads
	}
	if sameRights(data, v.statusText) {
		return nil
	}
	own := bytes.Clone(data)
	if again, err := v.dir.text("status", maxStatus); err == nil {
		v.statusText = append(v.statusText[:0], again...)
		if sameRights(own, v.statusText) {
			return nil
		}
	}
	var p index.Process
	if err := parseStatus(own, &p); err != nil {
		v.fail("task", err)
	}
	return &index.ThreadRights{UID: p.UID, EUID: p.EUID, SUID: p.SUID, FSUID: p.FSUID, GID: p.GID, EGID: p.EGID, Groups: p.Groups, Security: p.Security}
}

// rightsLines are those of status that say who somebody is, and what they may do.
var rightsLines = []string{"\nUid:", "\nGid:", "\nGroups:", "\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapBnd:", "\nCapAmb:", "\nNoNewPrivs:", "\nSeccomp:", "\nSeccomp_filters:"}

func sameRights(a, b []byte) bool {
	for _, key := range rightsLines {
		if !bytes.Equal(lineOf(a, key), lineOf(b, key)) {
			return false
		}
	}
	return true
}

// lineOf is the rest of the first line that begins with key.
func lineOf(text []byte, key string) []byte {
	_, rest, _ := bytes.Cut(text, []byte(key))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return line
}

// labels reports whether a security module labels processes: then whoever reads
// has a label too. In a copy it is not known before.
func labels(top dir) bool {
	if !top.live {
		return true
	}
	data, err := top.text("self/attr/current", maxText)
	return err == nil && len(labelOf(data)) > 0
}

// label reads proc_pid_attr_current(5).
func (v *visit) label(p *index.Process) {
	if !v.labelled {
		return
	}
	data, err := v.dir.text("attr/current", maxLabel)
	switch {
	case err == nil:
		p.Label = string(labelOf(data))
	case v.Live && v.alive(err):
		v.fail("attr/current", err)
	case !v.Live:
		if reason, _ := explain(err); reason != index.ReasonVanished {
			v.fail("attr/current", err)
		}
	}
}

// labelOf is a label without what ends it: SELinux writes a NUL, AppArmor a
// newline.
func labelOf(data []byte) []byte { return bytes.TrimRight(data, "\x00\n") }

// maxLabel is PAGE_SIZE: the kernel lets no label be longer.
const maxLabel = 4096
