package proc

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// mapQuery is struct procmap_query of include/uapi/linux/fs.h, with which
// Linux 6.11 and later answer for single mappings, by ioctl(2) on
// /proc/PID/maps. The text of all of them costs three times as much, most of it
// for the names of what does not matter.
type mapQuery struct {
	size, flags, addr            uint64
	start, end, is, page, offset uint64
	inode                        uint64
	major, minor                 uint32
	nameSize, buildIDSize        uint32
	nameAddr, buildIDAddr        uint64
}

const (
	// mapQueryCall is PROCMAP_QUERY: _IOWR('f', 17, struct procmap_query).
	mapQueryCall = 3<<30 | uint(unsafe.Sizeof(mapQuery{}))<<16 | 'f'<<8 | 17

	mapReadable, mapWritable, mapExecutable, mapShared = 1, 2, 4, 8
	mapOrNext, mapOfFile                               = 16, 32
)

// errNoQuery: the kernel answers for the text alone.
var errNoQuery = errors.New("the kernel knows no PROCMAP_QUERY")

// queryMaps asks for the mappings that can be executed, and of the files that
// are mapped otherwise for their names.
func (v *visit) queryMaps() (mappings, error) {
	m := mappings{}
	if v.noQuery.Load() || !v.Live {
		return m, errNoQuery
	}
	fd, err := openat(v.dir.fd, "maps", 0)
	if err != nil {
		return m, err
	}
	defer unix.Close(fd)
	q := &querier{fd: fd, name: dir{buf: v.buf}.room(maxLinkText + 16)}
	err = q.all(mapExecutable|mapOrNext, true, &m)
	if err == nil {
		err = q.all(mapOfFile|mapOrNext, false, &m)
	}
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) {
		v.noQuery.Store(true)
		return m, errNoQuery
	}
	if err == nil && m.over > 0 {
		err = errTooLarge
	}
	return m, err
}

type querier struct {
	fd   int
	name []byte
	q    mapQuery
	// The file that was asked for last, since its parts lie side by side.
	inode        uint64
	major, minor uint32
}

// ask fills q with the first mapping from addr on that has the flags.
func (q *querier) ask(flags, addr uint64, named bool) (name []byte, err error) {
	q.q = mapQuery{size: uint64(unsafe.Sizeof(q.q)), flags: flags, addr: addr}
	if named {
		q.q.nameSize, q.q.nameAddr = uint32(len(q.name)), uint64(uintptr(unsafe.Pointer(&q.name[0])))
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(q.fd), uintptr(mapQueryCall), uintptr(unsafe.Pointer(&q.q)))
	runtime.KeepAlive(q.name)
	if errno != 0 {
		return nil, errno
	}
	if n := int(q.q.nameSize); named && n > 1 && n <= len(q.name) {
		name = q.name[:n-1]
	}
	return name, nil
}

// all walks the mappings that have the flags. Where only files are asked for,
// each is asked for its name once, and what can be executed is known already.
func (q *querier) all(flags uint64, executable bool, m *mappings) error {
	addr := uint64(0)
	for range maxMapQueries {
		name, err := q.ask(flags, addr, executable)
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil {
			return err
		}
		next := q.q.end
		if executable {
			q.keep(name, m)
		} else if err := q.file(m); err != nil {
			return err
		}
		if next <= addr {
			return nil
		}
		addr = next
	}
	m.over++
	return nil
}

// file keeps a mapping of a file that cannot be executed, if it matters.
func (q *querier) file(m *mappings) error {
	f := q.q
	if f.is&mapExecutable != 0 || f.inode == q.inode && f.major == q.major && f.minor == q.minor {
		return nil
	}
	q.inode, q.major, q.minor = f.inode, f.major, f.minor
	device := deviceName(f.major, f.minor)
	for i := range m.kept {
		// A library that is executable and clean is so in all its parts.
		if k := &m.kept[i]; k.Inode == f.inode && k.Device == device && k.Perms == "r-xp" && !k.Deleted {
			return nil
		}
	}
	name, err := q.ask(mapOrNext, f.start, true)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err == nil && q.q.start == f.start {
		q.keep(name, m)
	}
	return err
}

func (q *querier) keep(name []byte, m *mappings) {
	f := &q.q
	perms := permissions(f.is)
	if !mapMatters(perms, name) {
		return
	}
	out := index.Mapping{Perms: perms, Inode: f.inode}
	if f.inode != 0 {
		out.Device = deviceName(f.major, f.minor)
	}
	out.Path, out.Deleted = strings.CutSuffix(string(name), deleted)
	m.add(out, f.start, f.end-f.start)
}

func deviceName(major, minor uint32) string {
	return strconv.FormatUint(uint64(major), 10) + ":" + strconv.FormatUint(uint64(minor), 10)
}

// permissions are those of a mapping as maps writes them.
func permissions(is uint64) string {
	switch is {
	case mapReadable | mapExecutable:
		return "r-xp"
	case mapReadable:
		return "r--p"
	}
	p := []byte("---p")
	for i, bit := range []uint64{mapReadable, mapWritable, mapExecutable} {
		if is&bit != 0 {
			p[i] = "rwx"[i]
		}
	}
	if is&mapShared != 0 {
		p[3] = 's'
	}
	return string(p)
}
