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

// queryMaps asks for the mappings that can be executed, and for those that are
// shared with a file.
func (v *visit) queryMaps() (mappings, error) {
	if v.noQuery.Load() || !v.Live {
		return mappings{}, errNoQuery
	}
	m := mappings{kept: v.room.maps}
	defer func() { v.room.keepMaps(m.kept) }()
	fd, err := openat(v.dir.fd, "maps", 0)
	if err != nil {
		return m, err
	}
	defer unix.Close(fd)
	q := &querier{fd: fd, name: dir{buf: v.buf}.room(maxLinkText + 16), names: v.mapNames, space: v.p.Spaces.Mnt}
	err = q.all(mapExecutable|mapOrNext, &m)
	if err == nil {
		err = q.all(mapOfFile|mapShared|mapOrNext, &m)
	}
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) {
		v.noQuery.Store(true)
		return mappings{}, errNoQuery
	}
	if err == nil && m.over > 0 {
		err = errTooLarge
	}
	return m, err
}

// mapFile is a file as mappings know it, in a mount namespace.
type mapFile struct {
	space, inode uint64
	major, minor uint32
}

type mapName struct {
	path, device string
	deleted      bool
}

// querier asks about one process. The names of files from which code is
// executed are asked for once for all processes of a mount namespace by each reader: of a file
// with two names it is the one that was seen first.
type querier struct {
	fd    int
	name  []byte
	q     mapQuery
	space uint64
	names learned[mapFile, mapName]
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

// all walks the mappings that have the flags.
func (q *querier) all(flags uint64, m *mappings) error {
	addr := uint64(0)
	for range maxMapQueries {
		_, err := q.ask(flags, addr, false)
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil {
			return err
		}
		found := q.q
		if flags&mapExecutable != 0 || found.is&mapExecutable == 0 {
			if err := q.keep(&found, m); err != nil {
				return err
			}
		}
		if found.end <= addr {
			return nil
		}
		addr = found.end
	}
	m.over++
	return nil
}

func (q *querier) keep(f *mapQuery, m *mappings) error {
	perms := permissions(f.is)
	key := mapFile{q.space, f.inode, f.major, f.minor}
	plain := perms == "r-xp" && f.inode != 0
	if plain {
		if n, ok := q.names[key]; ok {
			m.add(index.Mapping{Perms: perms, Inode: f.inode, Device: n.device, Path: n.path, Deleted: n.deleted}, f.start, f.end-f.start)
			return nil
		}
	}
	name, err := q.ask(mapOrNext, f.start, true)
	if errors.Is(err, unix.ENOENT) || err == nil && q.q.start != f.start {
		return nil // it was unmapped meanwhile
	}
	if err != nil || !mapMatters(perms, name) {
		return err
	}
	out := index.Mapping{Perms: perms, Inode: f.inode}
	if f.inode != 0 {
		out.Device = deviceName(f.major, f.minor)
	}
	out.Path, out.Deleted = strings.CutSuffix(string(name), deleted)
	if plain {
		q.names.keep(key, mapName{out.Path, out.Device, out.Deleted})
	}
	m.add(out, f.start, f.end-f.start)
	return nil
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
