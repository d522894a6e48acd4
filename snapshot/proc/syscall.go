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

// name is the name of a file as the kernel wants it, with a NUL behind it.
type name string

func cstring(s string) name { return name(s + "\x00") }

func (n name) pointer() uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(string(n)))) }

func quickOpen(at int, n name, flags int) (int, error) {
	fd, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(at), n.pointer(), uintptr(flags|openFlags), 0, 0, 0)
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

func quickLink(at int, n name, buf []byte) (int, error) {
	k, _, errno := unix.RawSyscall6(unix.SYS_READLINKAT, uintptr(at), n.pointer(), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(k), nil
}

func quickNames(fd int, buf []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_GETDENTS64, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// quickMode is the mode of a link itself.
func quickMode(at int, n name) (uint32, error) {
	var st unix.Statx_t
	_, _, errno := unix.RawSyscall6(unix.SYS_STATX, uintptr(at), n.pointer(), unix.AT_SYMLINK_NOFOLLOW|unix.AT_STATX_DONT_SYNC, unix.STATX_MODE, uintptr(unsafe.Pointer(&st)), 0)
	if errno != 0 {
		return 0, errno
	}
	return uint32(st.Mode), nil
}
