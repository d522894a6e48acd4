package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// appendWait is how long a capture waits for another one that adds to the same case: longer than a capture of a usual host takes, shorter than anybody's patience.
	appendWait = time.Minute
	// appendPoll is how often it looks: the lock has no other way to wait for a time.
	appendPoll = 50 * time.Millisecond
)

// lock keeps other writers from a case. It is a lock of the open file
// description (fcntl(2)), which goes with the process that holds it and does
// not disturb those who read: bbolt locks by flock(2).
type lock struct {
	file *os.File
	stat fs.FileInfo // of the file when the lock was taken
}

// lockCase locks the case at path. Whoever held the lock before may have put
// another file there, so the name is looked at again.
func lockCase(ctx context.Context, path string) (*lock, error) {
	until := time.Now().Add(appendWait)
	for {
		l, err := tryLock(path)
		if !errors.Is(err, errLocked) {
			return l, err
		}
		if time.Now().After(until) {
			return nil, fmt.Errorf("another process has been adding to it for %s: try again when it has ended", appendWait)
		}
		select {
		case <-time.After(appendPoll):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

var errLocked = errors.New("locked")

func tryLock(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	switch {
	case errors.Is(err, unix.ELOOP):
		return nil, errors.New("is a symbolic link: name the file that it leads to")
	case errors.Is(err, unix.EISDIR):
		return nil, errors.New("is a directory: give the name of a file")
	case errors.Is(err, unix.EROFS):
		return nil, fmt.Errorf("%w: copy the case to where it can be written, and add to the copy", bareError(err))
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: who adds to a case must be allowed to write it", bareError(err))
	case err != nil:
		return nil, bareError(err)
	}
	l := &lock{file: f}
	if l.stat, err = f.Stat(); err == nil && !l.stat.Mode().IsRegular() {
		err = errors.New("is not a regular file: choose another name")
	}
	if err == nil {
		err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
			err = errLocked
		}
	}
	// The file may have grown or gone since it was opened.
	if err == nil {
		l.stat, err = f.Stat()
	}
	if err == nil && !l.named(path) {
		err = errLocked
	}
	if err != nil {
		l.release()
		return nil, bareError(err)
	}
	return l, nil
}

// named reports whether path still names the locked file.
func (l *lock) named(path string) bool {
	st, err := os.Lstat(path)
	return err == nil && os.SameFile(st, l.stat)
}

// same proves that f is the locked file, as it was when it was locked.
func (l *lock) same(f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return bareError(err)
	}
	if !os.SameFile(st, l.stat) || st.Size() != l.stat.Size() || !st.ModTime().Equal(l.stat.ModTime()) {
		return errChanged
	}
	return nil
}

var errChanged = errors.New("another program changed it meanwhile: nothing was added: try again")

func (l *lock) release() {
	if l != nil && l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
