package proc

import (
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// noteFlags notes a file of the host that was opened and that nobody can change
// (FS_IOC_GETFLAGS; statx(2) says the same of file systems that have such flags,
// and asks no driver).
func (h *hostReader) noteFlags(at string, fd int) {
	var st unix.Statx_t
	if unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, 0, &st) != nil {
		return // a kernel older than 4.11
	}
	one := index.LockedFile{Path: at, Immutable: st.Attributes&unix.STATX_ATTR_IMMUTABLE != 0, AppendOnly: st.Attributes&unix.STATX_ATTR_APPEND != 0}
	if (one.Immutable || one.AppendOnly) && len(h.locked) < maxWatched {
		h.locked[at] = one
	}
}

// noteAccounts notes the files that were read with the names.
func (h *hostReader) noteAccounts() {
	for _, name := range []string{"etc/passwd", "etc/group", "etc/hosts", "etc/resolv.conf"} {
		if f, err := h.root.open(name); err == nil {
			_ = f.Close()
		}
	}
}
