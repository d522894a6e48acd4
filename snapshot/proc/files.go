package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// files lists proc_pid_fd(5). Descriptors that are closed between the listing
// and the reading of their link are one gap together.
func (v *visit) files(p *index.Process) {
	d, err := v.dir.open("fd")
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && exited(p.State) {
			return
		}
		v.fail("fd", err)
		return
	}
	defer d.close()
	fds, count, err := v.descriptors(d)
	if err != nil {
		v.fail("fd", err)
		return
	}
	if over := count - len(fds); over > 0 {
		v.failed("fd", errTooLarge, over)
	}
	var failed []error
	p.Files = v.room.files
	if cap(p.Files) < len(fds) || p.Files == nil {
		p.Files = make([]index.OpenFile, 0, max(len(fds), 16))
	}
	room := maxFDText
	for i, fd := range fds {
		name := strconv.Itoa(fd)
		text, err := d.linkBytes(name)
		if v.isSelf() && errors.Is(err, fs.ErrNotExist) {
			count-- // it was opened to look at another process
			continue
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if v.looking(text) {
			count--
			continue
		}
		f := v.openFile(fd, text)
		v.access(d, name, &f)
		if room -= sizeOfFile(&f); room < 0 {
			v.failed("fd", errTooLarge, len(fds)-i)
			break
		}
		p.Files = append(p.Files, f)
	}
	v.room.keepFiles(p.Files)
	p.FDs = &count
	v.failedAll("fd", failed)
}

// sizeOfFile is at least what f takes in a record.
func sizeOfFile(f *index.OpenFile) int {
	n := 60 + len(f.Target)
	if f.Flags != 0 || f.Pos != nil || f.Mount != 0 {
		n += 40 + len(f.Detail)
	}
	return n
}

// hurried reports whether half of the time up to the deadline is over: then the
// processes that were not read yet come before whoever has very many files.
func (r *reader) hurried() bool {
	return !r.Deadline.IsZero() && time.Since(r.opened) > r.Deadline.Sub(r.opened)/2
}

// descriptors returns the first maxFDs descriptors, in a hurry fewFDs, in
// order, and how many there are. They are valid until the next list.
func (v *visit) descriptors(d dir) ([]int, int, error) {
	fds, count, most := v.fds[:0], 0, maxFDs
	if v.hurried() {
		most = fewFDs
	}
	err := d.ids(func(fd int) bool {
		if count++; len(fds) < most {
			fds = append(fds, fd)
		}
		return count < maxFDCount
	})
	slices.Sort(fds)
	v.fds = fds
	return fds, count, err
}

// isSelf reports whether the process is the one that reads.
func (v *visit) isSelf() bool { return v.Live && v.pid == v.Self }

// looking reports whether text is what this reader has open to look at the
// processes, itself among them.
func (v *visit) looking(text []byte) bool {
	if !v.isSelf() {
		return false
	}
	rest, ok := bytes.CutPrefix(text, []byte(v.Proc))
	return ok && (len(rest) == 0 || rest[0] == '/')
}

// openFile says what the link text of a descriptor is about.
func (v *visit) openFile(fd int, text []byte) index.OpenFile {
	f := index.OpenFile{FD: fd}
	f.Type, f.Inode = linkType(text)
	if f.Type == "socket" || f.Type == "pipe" {
		f.Target = string(text)
	} else {
		f.Target = *v.words.of(text)
	}
	if (f.Type == "file" || f.Type == "device" || f.Type == "memfd") && strings.HasSuffix(f.Target, deleted) {
		f.Target, f.Deleted = v.dir.gone("fd/"+strconv.Itoa(fd), f.Target)
	}
	return f
}

// access tells how f was opened. Of files and of anonymous inodes fdinfo says
// it, and where the reader stands in them; of devices and pipes the mode of the
// link is enough. A socket and an epoll instance are always open for both.
func (v *visit) access(d dir, name string, f *index.OpenFile) {
	quick := true
	switch {
	case f.Type == "file", f.Type == "memfd":
	case f.Type == "anon" && (!v.Live || f.Target != eventPoll):
		quick = false // some take locks of the kernel
	case f.Type == "anon", f.Type == "socket":
		f.Access = "rw"
		return
	default:
		if v.Live {
			if mode, err := quickMode(d.fd, name); err == nil {
				f.Access = accessOf(mode&0o400 != 0, mode&0o200 != 0)
			}
		}
		return
	}
	var data []byte
	var err error
	if name = "fdinfo/" + name; quick {
		data, err = v.dir.text(name, maxText)
	} else {
		data, err = v.dir.whole(name, maxText)
	}
	switch {
	case err == nil:
		if err := parseFDInfo(data, f); err != nil {
			v.fail("fdinfo", err)
		}
	case v.alive(err) && !v.noInfo:
		v.noInfo = !v.Live && errors.Is(err, fs.ErrNotExist) // of a copy without the directory one gap is enough
		v.fail("fdinfo", err)
	}
}

// eventPoll is an epoll instance. Its fdinfo waits for a lock that its process
// can hold for ever (epoll_wait(2) into memory that nobody brings), and that
// wait cannot be ended, not even by the end of the reader: it is not asked.
const eventPoll = "anon_inode:[eventpoll]"

func accessOf(read, write bool) string {
	switch {
	case read && write:
		return "rw"
	case read:
		return "r"
	case write:
		return "w"
	}
	return ""
}

// parseFDInfo reads proc_pid_fdinfo(5). What anonymous inodes add to it is kept
// as the kernel's own words.
func parseFDInfo(data []byte, f *index.OpenFile) error {
	n := numbers{}
	watched := 0
	var detail []byte
	for line := range bytes.Lines(data) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		value = bytes.TrimSpace(value)
		switch string(key) {
		case "pos":
			pos := n.decimal(value, 64)
			f.Pos = &pos
		case "flags":
			flags := n.parse(value, 8, 32)
			f.Flags = uint32(flags)
			if flags&unix.O_PATH == 0 {
				f.Access = accessOf(flags&unix.O_ACCMODE != unix.O_WRONLY, flags&unix.O_ACCMODE != unix.O_RDONLY)
			}
		case "mnt_id":
			f.Mount = int(n.decimal(value, 31))
		case "ino":
			if inode := n.decimal(value, 64); f.Type != "anon" {
				f.Inode = inode
			}
		case "tfd":
			watched++
		case "Pid", "prog_type", "prog_id", "map_type", "map_id", "link_type", "attach_type", "clockid":
			if len(detail)+len(line) <= maxDetail {
				detail = append(append(append(append(detail, "; "...), key...), ": "...), value...)
			}
		}
	}
	if f.Type != "anon" {
		return n.err
	}
	f.Pos = nil // it has none that means anything
	if watched > 0 {
		detail = fmt.Appendf(detail, "; %d watched", watched)
	}
	f.Detail = string(bytes.TrimPrefix(detail, []byte("; ")))
	return n.err
}

// linkType reads the kind of a link text, and the inode of a socket or pipe.
func linkType(text []byte) (string, uint64) {
	if inode, ok := bracketedBytes(text, "socket"); ok {
		return "socket", inode
	}
	if inode, ok := bracketedBytes(text, "pipe"); ok {
		return "pipe", inode
	}
	starts := func(with string) bool { return bytes.HasPrefix(text, []byte(with)) }
	switch {
	case starts("anon_inode:"):
		return "anon", 0
	case starts("/memfd:"):
		return "memfd", 0
	case starts("/dev/shm/"), starts("/dev/mqueue/"), starts("/dev/hugepages/"):
		return "file", 0 // file systems of plain files
	case starts("/dev/"):
		return "device", 0
	case starts("/"):
		return "file", 0
	}
	return "other", 0
}
