package proc

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// clock asks how right the clock is; nothing is set by it.
func (h *hostReader) clock() {
	if !h.live {
		return
	}
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		h.fail("adjtimex(2)", err)
		return
	}
	c := index.ClockSync{Synced: t.Status&unix.STA_UNSYNC == 0, OffsetNS: int64(t.Offset), MaxErrorUS: int64(t.Maxerror), EstimatedUS: int64(t.Esterror)}
	if t.Status&unix.STA_NANO == 0 {
		c.OffsetNS *= 1000
	}
	h.host.Clock = &c
}

// formats reads binfmt_misc and counts the keys of the kernel. The directory is
// looked into only where it is mounted: else a look may mount it.
func (h *hostReader) formats() {
	t := index.KernelTrust{}
	if data, err := h.proc.read("keys", maxNames); err == nil {
		t.Keys = bytes.Count(data, []byte("\n"))
	}
	const dir = "sys/fs/binfmt_misc"
	if !h.live || slices.ContainsFunc(h.host.Mounts, func(m index.Mount) bool { return m.Type == "binfmt_misc" && m.Point == "/proc/"+dir }) {
		if f, err := h.proc.folder(dir); err == nil {
			defer f.close()
			for _, e := range f.entries {
				if e.Name() == "register" || e.Name() == "status" || len(t.Formats) == maxKeyFiles {
					continue
				}
				if text, _, err := f.read(e.Name(), maxText); err == nil {
					t.Formats = append(t.Formats, parseFormat(e.Name(), text))
				}
			}
		}
	}
	h.trust(t)
}

// trust keeps what says something.
func (h *hostReader) trust(t index.KernelTrust) {
	if t.Lockdown != "" || t.Keys > 0 || len(t.Modules)+len(t.Kprobes)+len(t.Pinned)+len(t.Formats) > 0 {
		h.host.Trust = &t
	}
}

// parseFormat reads one entry:
//
//	enabled
//	interpreter /usr/bin/qemu-arm
//	flags: OCF
func parseFormat(name, text string) index.BinaryFormat {
	f := index.BinaryFormat{Name: name}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "interpreter "); ok {
			f.Interpreter = rest
		} else if rest, ok := strings.CutPrefix(line, "flags: "); ok {
			f.Flags = rest
		} else if line == "enabled" {
			f.Enabled = true
		}
	}
	return f
}

// hooks reads what hangs in the kernel, as far as the file systems that tell of
// it are mounted.
func (h *hostReader) hooks() {
	t := index.KernelTrust{}
	if h.host.Trust != nil {
		t = *h.host.Trust
	}
	// The mode that holds stands in brackets: none [integrity] confidentiality.
	if _, rest, ok := strings.Cut(string(h.maybe("sys/kernel/security/lockdown")), "["); ok {
		t.Lockdown, _, _ = strings.Cut(rest, "]")
	}
	if list := strings.TrimSpace(string(h.maybe("sys/kernel/security/lsm"))); list != "" {
		t.Modules = strings.Split(list, ",")
		t.Modules = t.Modules[:min(len(t.Modules), maxKeyFiles)]
	}
	for line := range strings.Lines(string(h.maybe("sys/kernel/debug/kprobes/list"))) {
		if len(t.Kprobes) < maxNamesOfHooks {
			t.Kprobes = append(t.Kprobes, strings.TrimSpace(line))
		}
	}
	h.pinned("sys/fs/bpf", 0, &t)
	h.trust(t)
}

// pinned lists what lies below a directory of bpffs.
func (h *hostReader) pinned(dir string, depth int, t *index.KernelTrust) {
	f := h.list(dir)
	if f == nil {
		return
	}
	defer f.close()
	for _, e := range f.entries {
		name := path.Join(dir, e.Name())
		switch {
		case len(t.Pinned) == maxNamesOfHooks:
			return
		case e.IsDir() && depth < maxDepthOfHooks:
			h.pinned(name, depth+1, t)
		case !e.IsDir():
			t.Pinned = append(t.Pinned, h.root.at(name))
		}
	}
}
