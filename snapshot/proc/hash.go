package proc

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// fileKey is by what a file is known again: as long as none of these changes,
// nobody wrote to it.
type fileKey struct {
	dev, ino     uint64
	size         int64
	mtime, ctime unix.Timespec
}

func keyOf(st *unix.Stat_t) fileKey {
	return fileKey{dev: st.Dev, ino: st.Ino, size: st.Size, mtime: st.Mtim, ctime: st.Ctim}
}

// hasher keeps the SHA-256 of files, so that each is read once, however many
// processes run it.
type hasher struct {
	mutex sync.Mutex
	known map[fileKey]*hashed
}

type hashed struct {
	turn     chan struct{} // holds one: whoever reads the file
	hopeless atomic.Bool   // whoever reads it does not come back
	done     bool
	sum      string
	caps     string
	err      error
}

func newHasher() *hasher { return &hasher{known: map[fileKey]*hashed{}} }

func (h *hasher) of(key fileKey) *hashed {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	one := h.known[key]
	if one == nil {
		one = &hashed{turn: make(chan struct{}, 1)}
		h.known[key] = one
	}
	return one
}

// take waits until nobody else reads the file, and reports whether that came
// to an end.
func (h *hashed) take() bool {
	select {
	case h.turn <- struct{}{}:
		return true
	default:
	}
	if h.hopeless.Load() {
		return false
	}
	select {
	case h.turn <- struct{}{}:
		return true
	case <-time.After(filePatience):
		h.hopeless.Store(true)
		return false
	}
}

func (h *hashed) release() { <-h.turn }

// executable asks for the file that runs, through /proc/PID/exe, and for its
// SHA-256.
func (v *visit) executable(next func(step) bool) (*index.FileIdentity, string, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(v.dir.fd, "exe", &st, 0); err != nil {
		return nil, "", err
	}
	h := v.hashes.of(keyOf(&st))
	if !h.take() {
		return identityOf(&st), "", errBlocked
	}
	defer h.release()
	if !h.done && next(stepExe) {
		h.caps, h.sum, h.err = v.readExecutable(keyOf(&st), next)
		// Where this process runs another file by now, nothing is known of the one that others run.
		h.done = !errors.Is(h.err, errChanged)
	}
	id := identityOf(&st)
	id.Caps = h.caps
	return id, h.sum, h.err
}

// readExecutable reads the capabilities and the SHA-256 of the file that runs,
// which must be that of key.
func (v *visit) readExecutable(key fileKey, next func(step) bool) (caps, sum string, err error) {
	caps = fileCaps(fmt.Sprintf("/proc/self/fd/%d/exe", v.dir.fd))
	if !v.NoHash {
		var fd int
		if fd, err = v.openWhole(v.dir.fd, "exe"); err == nil {
			sum, err = v.sum(fd, key, next)
			_ = unix.Close(fd)
		}
	}
	var st unix.Stat_t
	if unix.Fstatat(v.dir.fd, "exe", &st, 0) == nil && keyOf(&st) != key {
		return "", "", errChanged
	}
	return caps, sum, err
}

// openWhole opens a file to be read whole, without a trace in its time of access
// where that is allowed.
func (v *visit) openWhole(at int, name string) (int, error) {
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := again(func() (int, error) { return unix.Openat(at, name, flags|unix.O_NOATIME, 0) })
	if errors.Is(err, unix.EPERM) {
		fd, err = again(func() (int, error) { return unix.Openat(at, name, flags, 0) })
	}
	return fd, err
}

// noTimeToHash reports whether hashing has had its share of the time: whoever
// runs many huge files must not keep the rest of the host from being read, nor
// with them the small ones from being hashed.
func (r *reader) noTimeToHash(size int64) bool {
	if r.Deadline.IsZero() {
		return false
	}
	share := r.Deadline.Sub(r.opened) / hashShare
	if size > largeFile {
		share /= 2
	}
	return time.Since(r.opened) > share
}

// sum reads fd, which must be the file of key and stay it, to its end.
func (v *visit) sum(fd int, key fileKey, next func(step) bool) (string, error) {
	if key.size > maxHashed {
		return "", errTooLarge
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return "", errUnsupported
	}
	if keyOf(&st) != key {
		return "", errChanged
	}
	h := sha256.New()
	buf := dir{buf: v.buf}.room(hashChunk)
	for total := int64(0); ; {
		switch {
		case !next(stepExe) || v.late():
			return "", errLate
		case v.noTimeToHash(key.size):
			return "", errHashTime
		}
		n, err := again(func() (int, error) { return unix.Read(fd, buf) })
		if err != nil {
			return "", err
		}
		if n == 0 {
			break
		}
		if total += int64(n); total > maxHashed {
			return "", errTooLarge
		}
		_, _ = h.Write(buf[:n])
	}
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	if keyOf(&st) != key {
		return "", errChanged
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func identityOf(st *unix.Stat_t) *index.FileIdentity {
	return &index.FileIdentity{
		Device: deviceName(unix.Major(st.Dev), unix.Minor(st.Dev)), Inode: st.Ino, Links: uint64(st.Nlink), Size: st.Size,
		Mode: st.Mode & 0o7777, UID: st.Uid, GID: st.Gid, Mtime: index.Time(st.Mtim.Nano()), Ctime: index.Time(st.Ctim.Nano()),
	}
}

// fileCaps is the extended attribute of file capabilities, in hex.
func fileCaps(path string) string {
	var buf [64]byte
	n, err := unix.Getxattr(path, "security.capability", buf[:])
	if err != nil || n <= 0 {
		return ""
	}
	return hex.EncodeToString(buf[:n])
}
