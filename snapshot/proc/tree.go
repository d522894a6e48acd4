package proc

import (
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// tree is a directory that is read as if it were the root of the file system:
// links that are absolute or climb stay within it, as they would on the host
// that it came from. Its files are opened by names without links, which the
// kernel proves (openat2(2)); older kernels are asked part by part.
type tree struct {
	fd    int
	place string // what the captured host calls it: /proc or /
	old   bool   // the kernel has no openat2(2), or a filter forbids it
	buf   []byte // for small files
	// opened is told of each regular file that is read; it may be nil.
	opened func(at string, fd int)
	// short is told of each directory of which not all was listed; it may be nil.
	short func(at string, err error)
}

func openTree(dir, place string) (*tree, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC}
	fd, err := again(func() (int, error) { return unix.Openat2(unix.AT_FDCWD, dir, &how) })
	old := errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM)
	if old {
		fd, err = again(func() (int, error) { return unix.Open(dir, int(how.Flags), 0) })
	}
	if err != nil {
		return nil, err
	}
	return &tree{fd: fd, place: place, old: old}, nil
}

func (t *tree) close() { _ = unix.Close(t.fd) }

// at is the name of a file of the tree on the captured host.
func (t *tree) at(name string) string { return path.Join(t.place, name) }

// errLinks: a part of the name is a link, or climbs, and has to be followed.
const errLinks = unix.ELOOP

// plain opens name unless one of its parts is a link. With O_PATH the last part
// may be one: then it is the link itself that is opened.
func (t *tree) plain(name string, flags int) (int, error) {
	if name == "" {
		name = "."
	}
	flags |= unix.O_CLOEXEC
	if flags&unix.O_PATH != 0 {
		flags |= unix.O_NOFOLLOW
	}
	if t.old {
		return t.partByPart(name, flags)
	}
	how := unix.OpenHow{Flags: uint64(flags), Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS}
	fd, err := again(func() (int, error) { return unix.Openat2(t.fd, name, &how) })
	if errors.Is(err, unix.EXDEV) || errors.Is(err, unix.EAGAIN) {
		err = errLinks
	}
	return fd, err
}

// partByPart is plain for kernels without openat2(2).
func (t *tree) partByPart(name string, flags int) (int, error) {
	if slices.Contains(strings.Split(name, "/"), "..") {
		return -1, errLinks
	}
	parts := strings.Split(path.Clean(name), "/")
	at, last := t.fd, len(parts)-1
	for i, part := range parts {
		how := unix.O_PATH | unix.O_CLOEXEC
		if i == last {
			how = flags
		}
		var st unix.Stat_t
		fd, err := -1, unix.Fstatat(at, part, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == nil && isLink(&st) && (i < last || flags&unix.O_PATH == 0) {
			err = errLinks
		}
		if err == nil {
			fd, err = again(func() (int, error) { return unix.Openat(at, part, how|unix.O_NOFOLLOW, 0) })
		}
		if at != t.fd {
			_ = unix.Close(at)
		}
		if err != nil {
			return -1, err
		}
		at = fd
	}
	return at, nil
}

func isLink(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFLNK }

func isRegular(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG }

// look tells what name is, if no part but the last is a link.
func (t *tree) look(name string) (*unix.Stat_t, error) {
	fd, err := t.plain(name, unix.O_PATH)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	_ = unix.Close(fd)
	return &st, err
}

// linkAt is the text of a link, if no other part of name is one.
func (t *tree) linkAt(name string) (string, error) {
	fd, err := t.plain(name, unix.O_PATH)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	buf := make([]byte, maxLinkText)
	n, err := again(func() (int, error) { return unix.Readlinkat(fd, "", buf) })
	return string(buf[:max(n, 0)]), err
}

// resolve follows the links of name within the tree and returns a name
// without links, and what it is.
func (t *tree) resolve(name string) (string, *unix.Stat_t, error) {
	st, err := t.look(name)
	if err == nil && !isLink(st) {
		return path.Join(name), st, nil
	}
	if err != nil && !errors.Is(err, errLinks) {
		return "", nil, err
	}
	var done []string
	todo := strings.Split(name, "/")
	for links := 0; len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			done = done[:max(len(done)-1, 0)]
			continue
		}
		at := path.Join(path.Join(done...), part)
		if st, err = t.look(at); err != nil {
			return "", nil, err
		}
		if !isLink(st) {
			done = append(done, part)
			continue
		}
		target, err := t.linkAt(at)
		if err != nil {
			return "", nil, err
		}
		if links++; links > maxLinks {
			return "", nil, errLinks
		}
		if path.IsAbs(target) {
			done = nil
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	plain := path.Join(done...)
	if st == nil || isLink(st) {
		st, err = t.look(plain) // a link to the root
	}
	return plain, st, err
}

// file is an open regular file of a tree.
type file struct {
	fd   int
	stat unix.Stat_t
}

func (f *file) Close() error { return unix.Close(f.fd) }

func (f *file) Read(b []byte) (int, error) {
	n, err := again(func() (int, error) { return unix.Read(f.fd, b) })
	if err == nil && n == 0 && len(b) > 0 {
		err = io.EOF
	}
	return max(n, 0), err
}

// ReadAt reads until b is full, as io.ReaderAt has it.
func (f *file) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		k, err := again(func() (int, error) { return unix.Pread(f.fd, b[n:], at+int64(n)) })
		if err != nil {
			return n, err
		}
		if k == 0 {
			return n, io.EOF
		}
		n += k
	}
	return n, nil
}

// open opens a regular file of the tree. It cannot block, and it is no
// device: name is looked at before it is opened, and again after.
func (t *tree) open(name string) (*file, error) {
	plain, st, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	if !isRegular(st) {
		return nil, errUnsupported
	}
	return t.openPlain(plain)
}

// openPlain is open for a name without links that was looked at.
func (t *tree) openPlain(plain string) (*file, error) {
	fd, err := t.untouched(plain, unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	f := &file{fd: fd}
	if err = unix.Fstat(fd, &f.stat); err == nil && !isRegular(&f.stat) {
		err = errUnsupported
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	if t.opened != nil {
		t.opened(t.at(plain), fd)
	}
	return f, nil
}

// untouched opens what a name without links means without a trace in its time of
// access, where that is allowed (open(2), O_NOATIME).
func (t *tree) untouched(name string, flags int) (int, error) {
	fd, err := t.plain(name, unix.O_RDONLY|unix.O_NOATIME|flags)
	if errors.Is(err, unix.EPERM) {
		return t.plain(name, unix.O_RDONLY|flags)
	}
	return fd, err
}

// read returns the first limit bytes of a regular file, and errTooLarge with
// them where there are more.
func (t *tree) read(name string, limit int) ([]byte, error) {
	f, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// A file of procfs says that it is empty.
	if f.stat.Size >= textRoom {
		whole := make([]byte, min(f.stat.Size, int64(limit))+1)
		return dir{buf: &whole}.fill(f.fd, limit, false, unix.Read)
	}
	data, err := dir{buf: &t.buf}.fill(f.fd, limit, false, unix.Read)
	return bytes.Clone(data), err
}

// link returns the text of a link of the tree; the last part of name is not
// followed.
func (t *tree) link(name string) (string, error) {
	text, err := t.linkAt(name)
	if !errors.Is(err, errLinks) {
		return text, err
	}
	parent, _, err := t.resolve(path.Dir(name))
	if err != nil {
		return "", err
	}
	return t.linkAt(path.Join(parent, path.Base(name)))
}

// regular is nil where name is a regular file and no link: what procfs, which
// opens by name, may be sent to.
func (t *tree) regular(name string) error {
	st, err := t.look(name)
	if err == nil && !isRegular(st) {
		return errUnsupported
	}
	return err
}
