package proc

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls below go to the kernel without telling Go's scheduler, which
// otherwise hands the processor of a thread in the kernel on after 20
// microseconds: a reader of /proc makes a hundred calls a process that take a
// few each, and half a tenth of its time went there. They are for what never
// waits: stat, status, the links, and the like. What can wait for a lock or a
// server is called as usual.

// nameRoom is what nearly every name that is asked for fits in, with the NUL that
// the kernel wants behind it.
const nameRoom = 64

// cstring is name with its NUL, in room where it fits there.
func cstring(name string, room *[nameRoom]byte) *byte {
	if len(name) < len(room) {
		copy(room[:], name)
		room[len(name)] = 0
		return &room[0]
	}
	return unsafe.StringData(name + "\x00")
}

func quickOpen(at int, name string, flags int) (int, error) {
	var room [nameRoom]byte
	fd, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(cstring(name, &room))), uintptr(flags|openFlags), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

func quickRead(fd int, buf []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func quickClose(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

func quickLink(at int, name string, buf []byte) (int, error) {
	var room [nameRoom]byte
	n, _, errno := unix.RawSyscall6(unix.SYS_READLINKAT, uintptr(at), uintptr(unsafe.Pointer(cstring(name, &room))), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func quickNames(fd int, buf []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_GETDENTS64, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// quickMode is the mode of a link itself.
func quickMode(at int, name string) (uint32, error) {
	var room [nameRoom]byte
	var st unix.Statx_t
	_, _, errno := unix.RawSyscall6(unix.SYS_STATX, uintptr(at), uintptr(unsafe.Pointer(cstring(name, &room))), unix.AT_SYMLINK_NOFOLLOW|unix.AT_STATX_DONT_SYNC, unix.STATX_MODE, uintptr(unsafe.Pointer(&st)), 0)
	if errno != 0 {
		return 0, errno
	}
	return uint32(st.Mode), nil
}

// answers reports whether the kernel knows a process or a thread by its id
// (getpgid(2)).
func answers(id int) bool {
	_, _, errno := unix.RawSyscall(unix.SYS_GETPGID, uintptr(id), 0, 0)
	return errno == 0
}
