package proc

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// dir is an open directory of a procfs. On a live procfs it stays bound to
// its process: once that has ended every read fails with ESRCH or ENOENT,
// even where the pid was given away again.
type dir struct {
	fd   int
	live bool
	buf  *[]byte // shared between the directories of one reader; grows to the largest file
}

// again repeats a system call that a signal interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// openFlags open what is there for reading, never through a link, and wait for
// nobody.
const openFlags = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC

func openat(at int, name string, flags int) (int, error) {
	return again(func() (int, error) { return unix.Openat(at, name, flags|openFlags, 0) })
}

// open opens a directory within d, never through a link.
func (d dir) open(name string) (dir, error) {
	open := openat
	if d.live {
		open = quickOpen
	}
	fd, err := open(d.fd, name, unix.O_DIRECTORY)
	return dir{fd: fd, live: d.live, buf: d.buf}, err
}

func (d dir) close() { quickClose(d.fd) }

// regular is nil where name is a regular file. The kernel's own procfs has no
// others among those that are read here; a copied tree may hold a FIFO.
func (d dir) regular(name string) error {
	if d.live {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return errUnsupported
	}
	return nil
}

// read returns the first limit bytes of a file of d, and errTooLarge with
// them where there are more. They are valid until the next read or link.
func (d dir) read(name string, limit int) ([]byte, error) { return d.content(name, limit, false) }

// whole is read for a file that the kernel writes in one piece (single_open of
// include/linux/seq_file.h): what does not fill the room is all of it, and
// nobody has to ask for the end.
func (d dir) whole(name string, limit int) ([]byte, error) { return d.content(name, limit, d.live) }

// text is whole for a file that never makes its reader wait.
func (d dir) text(name string, limit int) ([]byte, error) {
	if !d.live {
		return d.content(name, limit, false)
	}
	fd, err := quickOpen(d.fd, name, 0)
	if err != nil {
		return nil, err
	}
	data, err := d.fill(fd, limit, true, quickRead)
	quickClose(fd)
	return data, err
}

func (d dir) content(name string, limit int, whole bool) ([]byte, error) {
	if err := d.regular(name); err != nil {
		return nil, err
	}
	fd, err := openat(d.fd, name, 0)
	if err != nil {
		return nil, err
	}
	data, err := d.fill(fd, limit, whole, unix.Read)
	if d.live {
		quickClose(fd)
	} else {
		_ = unix.Close(fd) // a server may be told
	}
	return data, err
}

// textRoom is what the texts of one piece of nearly every process fit in.
const textRoom = 16 << 10

// fill reads fd from where it stands.
func (d dir) fill(fd, limit int, whole bool, read func(int, []byte) (int, error)) ([]byte, error) {
	buf := *d.buf
	if len(buf) < textRoom {
		buf = make([]byte, textRoom)
		*d.buf = buf
	}
	for n := 0; ; {
		if n > limit {
			return buf[:limit], errTooLarge
		}
		if n == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
			*d.buf = buf
		}
		k, err := read(fd, buf[n:])
		for err == unix.EINTR {
			k, err = read(fd, buf[n:])
		}
		if err != nil {
			return buf[:n], err
		}
		n += k
		if k == 0 || whole && n < len(buf) && n <= limit {
			return buf[:n], nil
		}
	}
}

// link returns the text of a link of d.
func (d dir) link(name string) (string, error) {
	text, err := d.linkBytes(name)
	return string(text), err
}

// linkWord is link for a text that many processes have in common.
func (d dir) linkWord(name string, w words) (string, error) {
	text, err := d.linkBytes(name)
	return *w.of(text), err
}

// linkBytes is link without taking memory: it is valid until the next read or
// link.
func (d dir) linkBytes(name string) ([]byte, error) {
	buf := d.room(maxLinkText + 1)
	n, err := quickLink(d.fd, name, buf)
	if err != nil {
		return nil, err
	}
	if n > maxLinkText {
		return buf[:maxLinkText], errTooLarge
	}
	return buf[:n], nil
}

// room returns n bytes of the shared buffer.
func (d dir) room(n int) []byte {
	if len(*d.buf) < n {
		*d.buf = make([]byte, n)
	}
	return (*d.buf)[:n]
}

// ids calls each with the names in d that are numbers, in the order of the
// directory, until it returns false. What each calls must not read.
func (d dir) ids(each func(id int) bool) error {
	buf := d.room(16 << 10)
	for {
		var n int
		var err error
		if d.live {
			n, err = quickNames(d.fd, buf)
		} else {
			n, err = again(func() (int, error) { return unix.ReadDirent(d.fd, buf) })
		}
		if err != nil || n == 0 {
			return err
		}
		for rest := buf[:n]; len(rest) > 0; {
			var text []byte
			if text, _, rest = parseDirent(rest); len(text) == 0 {
				continue
			}
			if id, ok := number(string(text[:len(text)-1])); ok && !each(id) {
				return nil
			}
		}
	}
}

// deleted is the kernel's mark behind the name of a file that was unlinked.
const deleted = " (deleted)"

// gone splits text, which the link name of d gave, into the path and whether
// its file was deleted. A name may end in the mark by itself: where the file
// can be asked, one that still has a name and is found under the whole text
// is not deleted. A stat through a link may wait for a dead server, hence
// only names that carry the mark are asked.
func (d dir) gone(name, text string) (string, bool) {
	path, marked := strings.CutSuffix(text, deleted)
	if !marked {
		return text, false
	}
	var open, named unix.Stat_t
	if !d.live || unix.Fstatat(d.fd, name, &open, 0) != nil || open.Nlink == 0 {
		return path, true
	}
	// A hard link keeps the count above zero, so the count alone does not decide.
	if unix.Fstatat(d.fd, "root"+text, &named, 0) == nil && named.Dev == open.Dev && named.Ino == open.Ino {
		return text, false
	}
	return path, true
}

// number parses a name of digits alone, as the kernel writes them.
func number(name string) (int, bool) {
	if name == "" || len(name) > 10 || name[0] == '0' && len(name) > 1 {
		return 0, false
	}
	n := 0
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' {
			return 0, false
		}
		n = n*10 + int(name[i]-'0')
	}
	return n, true
}
