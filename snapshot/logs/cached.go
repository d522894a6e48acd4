package logs

import (
	"errors"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// cachedFile reads a file on. What the kernel has in its memory is read by
// calls that Go's scheduler is not told of: from one that takes longer than
// 20 µs it takes the processor away, and what was read would be hashed on
// another one than it was read on. Such a call must never wait for a disk, or
// the collector of garbage would wait with it, so the kernel is asked not to
// (RWF_NOWAIT, preadv2(2)); what has to be waited for is read as usual.
type cachedFile struct {
	file  *os.File
	waits bool // no read can be asked not to wait: an old kernel, or a file system that cannot tell
}

func (c *cachedFile) Read(p []byte) (int, error) {
	if !c.waits && len(p) > 0 {
		n, err := readCached(c.file, p)
		if n > 0 {
			return n, nil
		}
		c.waits = err != nil && !errors.Is(err, unix.EAGAIN)
	}
	return c.file.Read(p)
}

// readCached is read(2) of what is in memory.
func readCached(file *os.File, p []byte) (int, error) {
	const here = ^uintptr(0) // where the file stands, and further on by what is read
	to := unix.Iovec{Base: unsafe.SliceData(p)}
	to.SetLen(len(p))
	n, _, errno := unix.RawSyscall6(unix.SYS_PREADV2, file.Fd(), uintptr(unsafe.Pointer(&to)), 1, here, here, unix.RWF_NOWAIT)
	runtime.KeepAlive(file)
	runtime.KeepAlive(p)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
