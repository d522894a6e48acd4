package proc

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

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
	p.FDs = &count
	if over := count - len(fds); over > 0 {
		v.failed("fd", errTooLarge, over)
	}
	var failed []error
	p.Files = make([]index.OpenFile, 0, len(fds))
	room := maxFDText
	for i, fd := range fds {
		text, err := d.link(strconv.Itoa(fd))
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if room -= len(text); room < 0 {
			v.failed("fd", errTooLarge, len(fds)-i)
			break
		}
		p.Files = append(p.Files, v.openFile(fd, text))
	}
	v.failedAll("fd", failed)
}

// descriptors returns the first maxFDs descriptors, in order, and how many
// there are.
func (v *visit) descriptors(d dir) ([]int, int, error) {
	var fds []int
	count := 0
	err := d.names(func(name string) bool {
		fd, ok := number(name)
		if !ok || v.ours(fd, d) {
			return true
		}
		if count++; len(fds) < maxFDs {
			fds = append(fds, fd)
		}
		return count < maxFDCount
	})
	slices.Sort(fds)
	return fds, count, err
}

// ours reports whether fd is one with which this reader looks at its own process.
func (v *visit) ours(fd int, d dir) bool {
	return v.Live && v.pid == v.Self && (fd == d.fd || fd == v.dir.fd || fd == v.top.fd)
}

// openFile says what the link text of a descriptor is about.
func (v *visit) openFile(fd int, text string) index.OpenFile {
	f := index.OpenFile{FD: fd, Target: text}
	f.Type, f.Inode = linkType(text)
	if f.Type == "file" || f.Type == "device" || f.Type == "memfd" {
		f.Target, f.Deleted = v.dir.gone("fd/"+strconv.Itoa(fd), text)
	}
	return f
}

// linkType reads the kind of a link text, and the inode of a socket or pipe.
func linkType(text string) (string, uint64) {
	for _, kind := range []string{"socket", "pipe"} {
		if inode, ok := bracketed(text, kind); ok {
			return kind, inode
		}
	}
	switch {
	case strings.HasPrefix(text, "anon_inode:"):
		return "anon", 0
	case strings.HasPrefix(text, "/memfd:"):
		return "memfd", 0
	case strings.HasPrefix(text, "/dev/") && !memoryFile(text):
		return "device", 0
	case strings.HasPrefix(text, "/"):
		return "file", 0
	}
	return "other", 0
}

// memoryFile reports whether text lies in one of the file systems that are
// mounted below /dev and hold plain files.
func memoryFile(text string) bool {
	for _, dir := range []string{"/dev/shm/", "/dev/mqueue/", "/dev/hugepages/"} {
		if strings.HasPrefix(text, dir) {
			return true
		}
	}
	return false
}

// own notes which sockets p holds.
func (v *visit) own(p *index.Process) {
	for _, f := range p.Files {
		if f.Type != "socket" || f.Inode == 0 {
			continue
		}
		if v.owned == maxOwners {
			v.lost++
			continue
		}
		v.owned++
		v.owners[f.Inode] = append(v.owners[f.Inode], index.Owner{PID: v.pid, FD: f.FD, Comm: p.Comm})
	}
}
