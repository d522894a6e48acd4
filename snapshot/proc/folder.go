package proc

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// folder is an open directory of a tree, whose files are read by their names in
// it and never through a link.
type folder struct {
	dir     dir
	at      string // what the captured host calls it
	entries []entry
	opened  func(at string, fd int) // as of a tree
}

// folder opens a directory of the tree and lists it, by name. The links that
// lead to it stay within the tree.
func (t *tree) folder(name string) (*folder, error) {
	f, err := t.plainFolder(name, t.at(name))
	if !errors.Is(err, errLinks) {
		return f, err
	}
	plain, _, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	return t.plainFolder(plain, t.at(name))
}

// plainFolder is folder for a name without links.
func (t *tree) plainFolder(plain, at string) (*folder, error) {
	fd, err := t.untouched(plain, unix.O_DIRECTORY|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	entries, err := entriesOf(fd, dir{buf: &t.buf}.room(textRoom))
	if err != nil && len(entries) == 0 {
		_ = unix.Close(fd)
		return nil, err
	}
	if err != nil && t.short != nil {
		t.short(at, err)
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	return &folder{dir: dir{fd: fd, buf: new([]byte)}, at: at, entries: entries, opened: t.opened}, nil
}

// list opens a directory of the host; nil where it is not there, or cannot be
// read, which is a gap.
func (h *hostReader) list(dir string) *folder {
	f, err := h.root.folder(dir)
	switch {
	case err == nil:
		return f
	case !errors.Is(err, fs.ErrNotExist):
		h.fail(h.root.at(dir), err)
	}
	return nil
}

func (f *folder) close() { _ = unix.Close(f.dir.fd) }

// read returns the text of a regular file, and errTooLarge with it where there
// is more.
func (f *folder) read(name string, limit int) (string, *unix.Stat_t, error) {
	data, st, err := f.bytes(name, limit)
	return string(data), st, err
}

// linked is read for a file that may stand behind links, which stay within the
// tree.
func (f *folder) linked(t *tree, name string, limit int) (string, *unix.Stat_t, error) {
	text, st, err := f.read(name, limit)
	if st == nil || !isLink(st) {
		return text, st, err
	}
	file, err := t.open(f.nameIn(t, name))
	if err != nil {
		return "", nil, err
	}
	defer file.Close()
	data, err := f.dir.fill(file.fd, limit, false, unix.Read)
	return string(data), &file.stat, err
}

// nameIn is what the tree calls an entry.
func (f *folder) nameIn(t *tree, name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(f.at, t.place), "/") + "/" + name
}

// bytes is read without a copy: they are valid until the next read.
func (f *folder) bytes(name string, limit int) ([]byte, *unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(f.dir.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return nil, nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, &st, errUnsupported
	}
	fd, err := f.untouched(name)
	if err != nil {
		return nil, &st, err
	}
	if f.opened != nil {
		f.opened(f.at+"/"+name, fd)
	}
	data, err := f.dir.fill(fd, limit, false, unix.Read)
	_ = unix.Close(fd)
	return data, &st, err
}

// untouched opens a file without a trace in its time of access, where that is
// allowed.
func (f *folder) untouched(name string) (int, error) {
	fd, err := openat(f.dir.fd, name, unix.O_NOATIME)
	if errors.Is(err, unix.EPERM) {
		return openat(f.dir.fd, name, 0)
	}
	return fd, err
}

// lines hands the lines of a regular file to each until that returns false. One
// that is longer than a name can be is left out.
func (f *folder) lines(e entry, limit int, each func(line []byte) bool) error {
	if !e.IsRegular() {
		return errUnsupported
	}
	fd, err := f.untouched(e.Name())
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	buf := f.dir.room(lineRoom)
	skip := false // the rest of a line that is too long
	for kept, total := 0, 0; ; {
		n, err := again(func() (int, error) { return unix.Read(fd, buf[kept:]) })
		if err != nil {
			return err
		}
		if total += n; total > limit {
			return errTooLarge
		}
		rest := buf[:kept+n]
		for {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			if !skip && !each(rest[:end]) {
				return nil
			}
			rest, skip = rest[end+1:], false
		}
		switch {
		case n == 0 && len(rest) > 0 && !skip:
			each(rest)
			return nil
		case n == 0:
			return nil
		case len(rest) == len(buf):
			rest, skip = nil, true
		}
		kept = copy(buf, rest)
	}
}

// lineRoom is how much of such a file is read at once.
const lineRoom = 64 << 10

// entry is one entry of a directory. The library asks for each by its name once
// more, in a directory that was opened within a root.
type entry struct {
	name string
	kind uint32 // as in the mode of stat(2)
}

func (e entry) Name() string { return e.name }

func (e entry) IsDir() bool { return e.kind == unix.S_IFDIR }

func (e entry) IsRegular() bool { return e.kind == unix.S_IFREG }

func (e entry) isLink() bool { return e.kind == unix.S_IFLNK }

// entriesOf lists a directory, up to maxEntries. What it found before an error
// stands. Names that came at once lie in memory as one text.
func entriesOf(fd int, buf []byte) ([]entry, error) {
	var all []entry
	for {
		n, err := again(func() (int, error) { return unix.ReadDirent(fd, buf) })
		if err != nil || n == 0 {
			return all, err
		}
		for rest := string(buf[:n]); len(rest) > 0; {
			var text string
			e := entry{}
			if text, e.kind, rest = parseDirent(rest); text == "" || text == ".\x00" || text == "..\x00" {
				continue
			}
			if len(all) == maxEntries {
				return all, fmt.Errorf("%w: all but %d of its entries were left out", errTooLarge, maxEntries)
			}
			e.name = text[:len(text)-1]
			if e.kind == 0 { // a file system that does not tell
				var st unix.Stat_t
				if unix.Fstatat(fd, e.Name(), &st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT) != nil {
					continue
				}
				e.kind = st.Mode & unix.S_IFMT
			}
			all = append(all, e)
		}
	}
}

// parseDirent reads struct linux_dirent64 (getdents(2)): a name with its NUL,
// empty where there is none, its type as in the mode of stat(2), and what lies
// behind it.
func parseDirent[T string | []byte](b T) (text T, kind uint32, rest T) {
	const size, typ, head = 16, 18, 19
	if len(b) < head {
		return b[:0], 0, b[:0]
	}
	n := int(binary.NativeEndian.Uint16([]byte(b[size:typ])))
	if n < head || n > len(b) {
		return b[:0], 0, b[:0]
	}
	for end := head; end < n; end++ {
		if b[end] == 0 && end > head {
			return b[head : end+1], uint32(b[typ]) << 12, b[n:]
		}
		if b[end] == 0 {
			break
		}
	}
	return b[:0], 0, b[n:]
}
