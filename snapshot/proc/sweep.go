package proc

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
	"stilltrace/index/printable"
)

const (
	// maxFoundIn is how many entries of one directory for temporary files are kept, and maxSwept how many are looked at for rights.
	maxFoundIn, maxSwept = 1000, 40_000
	// maxPrivileged is ten times what a usual host has of such files.
	maxPrivileged = 1000
	// maxFoundHashed bounds a file that is hashed, and maxFoundBytes all of them: some ten milliseconds.
	maxFoundHashed, maxFoundBytes = 1 << 20, 8 << 20
)

// swept are where programs lie that everybody may start, and how deep below. The
// libraries of an architecture have directories of their own, one deeper.
var swept = []struct {
	dir   string
	depth int
}{
	{"bin", 0}, {"sbin", 0}, {"usr/bin", 0}, {"usr/sbin", 0}, {"usr/local/bin", 0}, {"usr/local/sbin", 0}, {"usr/lib/x86_64-linux-gnu", 1}, {"usr/lib/aarch64-linux-gnu", 1}, {"lib", 1}, {"usr/lib", 1}, {"usr/lib64", 1}, {"usr/libexec", 2}, {"opt", 2},
}

// temporary are where everybody may leave files, and run, where daemons do.
var temporary = []struct {
	dir   string
	depth int
}{{"tmp", 2}, {"var/tmp", 2}, {"dev/shm", 2}, {"run", 0}}

// sweep is one walk over directories.
type sweep struct {
	*hostReader
	seen   map[string]bool // directories, by their names without links
	mounts map[string]string
	above  map[string]bool // directories in which something is mounted
	swept  int             // entries that were looked at
	bytes  int64
}

func (h *hostReader) newSweep() *sweep {
	s := &sweep{hostReader: h, seen: map[string]bool{}, mounts: map[string]string{}, above: map[string]bool{}}
	for _, m := range h.host.Mounts {
		s.mounts[m.Point] = m.Type
		s.above[path.Dir(m.Point)] = true
	}
	return s
}

// privileged finds the programs that run with the rights of their owner or
// group, or with capabilities (capabilities(7)).
func (h *hostReader) privileged() {
	s := h.newSweep()
	over := index.Gap{Area: areaHost, Reason: index.ReasonTooLarge, Detail: "further programs with rights of their own"}
	for _, one := range swept {
		s.walk(one.dir, one.depth, maxSwept, func(f *folder, e entry) {
			if !e.IsRegular() {
				return
			}
			name, caps := e.Name(), ""
			mode := h.modeOf(f, e)
			if mode&0o111 != 0 {
				caps = fileCaps(h.Root + f.at + "/" + name)
			}
			var st unix.Stat_t
			if mode&0o6000 == 0 && caps == "" || unix.Fstatat(f.dir.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
				return
			}
			one := s.found(f, name, &st)
			one.File.Caps = caps
			if len(h.host.Privileged) == maxPrivileged {
				over.Place = cmp.Or(over.Place, one.Path)
				over.Count++
				return
			}
			h.host.Privileged = append(h.host.Privileged, one)
		})
	}
	if over.Count > 0 {
		h.gap(over)
	}
}

// modeOf is the mode of an entry, 0 where it is gone. A running host was asked
// before whether a server answers for it, so that nothing is waited for there.
func (h *hostReader) modeOf(f *folder, e entry) uint32 {
	if h.live {
		mode, _ := quickMode(f.dir.fd, e.name)
		return mode
	}
	var st unix.Stat_t
	_ = unix.Fstatat(f.dir.fd, e.Name(), &st, unix.AT_SYMLINK_NOFOLLOW)
	return st.Mode
}

// temporaries lists what lies where everybody may leave files.
func (h *hostReader) temporaries() {
	s := h.newSweep()
	for _, one := range temporary {
		s.swept = 0
		s.walk(one.dir, one.depth, maxFoundIn, func(f *folder, e entry) {
			var st unix.Stat_t
			// What is gone is no gap: these directories are never at rest.
			if unix.Fstatat(f.dir.fd, e.Name(), &st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT) == nil {
				h.host.Temporary = append(h.host.Temporary, s.found(f, e.Name(), &st))
			}
		})
	}
}

// walk calls each with the entries of a directory and those below it, the upper
// ones first, in the order of their names. Other file systems are not entered:
// their servers may not answer.
func (s *sweep) walk(top string, depth, most int, each func(f *folder, e entry)) {
	if kind, remote := s.remote("/" + top); remote {
		s.gap(index.Gap{Area: areaHost, Place: s.root.at(top), Reason: index.ReasonUnsupported, Count: 1, Detail: "not looked into: it lies on " + kind})
		return
	}
	dirs := []string{top}
	var left leftOut
	for level := 0; level <= depth && len(dirs) > 0; level++ {
		var below []string
		left.last = level == depth
		for _, dir := range dirs {
			if s.late() {
				s.fail(s.root.at(dir), errLate)
				return
			}
			if s.swept >= most && dir != top {
				left.dir(s.root.at(dir))
				continue
			}
			below = append(below, s.one(dir, most, &left, each)...)
		}
		dirs = below
	}
	if left.first != "" {
		s.gap(index.Gap{Area: areaHost, Place: s.root.at(top), Reason: index.ReasonTooLarge, Detail: clip(left.String()), Count: 1})
	}
}

// leftOut is what of one top directory was not looked at for want of room, as
// far as it is known: what lies in a directory that was not opened is not.
type leftOut struct {
	dirs, entries int
	first         string
	last          bool // the directories of this level are entries only: nobody looks into them
}

func (l *leftOut) dir(at string) {
	l.first = cmp.Or(l.first, at)
	l.dirs++
}

func (l *leftOut) entry(f *folder, e entry) {
	if l.first == "" {
		l.first = f.at + "/" + e.Name()
	}
	if e.IsDir() && !l.last {
		l.dirs++
	} else {
		l.entries++
	}
}

func (l *leftOut) String() string {
	var parts []string
	if l.dirs > 0 {
		parts = append(parts, printable.Counted(int64(l.dirs), "directory", "directories")+" not looked into")
	}
	if l.entries > 0 {
		parts = append(parts, printable.Counted(int64(l.entries), "entry", "entries")+" not looked at")
	}
	return fmt.Sprintf("%v: %s, the first of them %s", errTooLarge, strings.Join(parts, ", "), l.first)
}

// one looks at the entries of one directory, and returns the directories among
// them.
func (s *sweep) one(dir string, most int, left *leftOut, each func(f *folder, e entry)) (below []string) {
	f := s.open(dir)
	if f == nil {
		return nil
	}
	defer f.close()
	mounted := s.above[f.at]
	for _, e := range f.entries {
		if s.swept >= most {
			left.entry(f, e)
			continue
		}
		s.swept++
		if mounted && s.mounts[f.at+"/"+e.Name()] != "" {
			continue
		}
		each(f, e)
		if e.IsDir() {
			below = append(below, f.at[1:]+"/"+e.Name())
		}
	}
	return below
}

// open opens a directory that was not looked into before. Those below another
// one have names without links.
func (s *sweep) open(dir string) *folder {
	if s.seen[dir] {
		return nil
	}
	plain := dir
	f, err := s.root.plainFolder(plain, s.root.at(plain))
	if errors.Is(err, errLinks) {
		if plain, _, err = s.root.resolve(dir); err == nil {
			if s.seen[plain] {
				return nil
			}
			f, err = s.root.plainFolder(plain, s.root.at(plain))
		}
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
			s.fail(s.root.at(dir), err)
		}
		return nil
	}
	s.seen[plain] = true
	f.opened = nil // of so many files the flags are not asked
	return f
}

// remote tells the type of the file system on which a directory lies, and
// whether a server or another process answers for it.
func (s *sweep) remote(dir string) (kind string, remote bool) {
	if !s.live {
		return "", false
	}
	for at := dir; ; at = path.Dir(at) {
		if kind, ok := s.mounts[at]; ok {
			switch {
			case strings.HasPrefix(kind, "fuse"), strings.HasPrefix(kind, "nfs"), kind == "cifs", kind == "smb3", kind == "ceph", kind == "afs", kind == "9p", kind == "autofs":
				return kind, true
			}
			return kind, false
		}
		if at == "/" {
			return "", false
		}
	}
}

// found is what an entry is. Small files are hashed, as long as there is room.
func (s *sweep) found(f *folder, name string, st *unix.Stat_t) index.FoundFile {
	one := index.FoundFile{Path: f.at + "/" + name, Type: "device", File: identityOf(st)}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		one.Type = "file"
		one.SHA256 = s.hash(f, name, st)
	case unix.S_IFDIR:
		one.Type = "directory"
	case unix.S_IFLNK:
		one.Type = "link"
		one.Target, _ = f.dir.link(name)
	case unix.S_IFSOCK:
		one.Type = "socket"
	case unix.S_IFIFO:
		one.Type = "fifo"
	}
	return one
}

func (s *sweep) hash(f *folder, name string, st *unix.Stat_t) string {
	if s.NoHash || st.Size > maxFoundHashed || s.bytes+st.Size > maxFoundBytes {
		return ""
	}
	s.bytes += st.Size
	data, now, err := f.bytes(name, maxFoundHashed)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errTooLarge), errors.Is(err, unix.EAGAIN):
		return "" // it went, grew, or somebody holds a lease on it
	case err != nil:
		s.fail(f.at+"/"+name, err)
		return ""
	case now.Ino != st.Ino:
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
