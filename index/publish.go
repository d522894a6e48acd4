package index

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// checkTarget refuses a name that cannot become a case before any work is
// done.
func checkTarget(path string, force bool) error {
	if path == "" {
		return errors.New("output: no name given: use -o CASE.db")
	}
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", path, bareError(err))
	case st.IsDir():
		return fmt.Errorf("%s: is a directory: give the name of a file", path)
	case !st.Mode().IsRegular():
		return fmt.Errorf("%s: exists and is not a regular file: choose another name", path)
	case !force:
		return fmt.Errorf("%s: %w: choose another name, or --force to replace it", path, unix.EEXIST)
	}
	return nil
}

// publish makes the finished file durable and gives it its name. Power may
// fail at any point: the name stands for the old file or for the whole new
// one.
func (w *Writer) publish() error {
	if err := settle(w.file); err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	err := w.file.Close()
	w.file = nil
	if err != nil {
		return fmt.Errorf("%s: close: %w", w.path, bareError(err))
	}
	switch {
	case w.held != nil:
		err = w.replaceHeld()
	case w.force:
		err = os.Rename(w.temp, w.path)
	default:
		err = renameNew(w.temp, w.path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	w.temp = ""
	return syncDir(filepath.Dir(w.path))
}

// replaceHeld puts the new case in the place of the one that was added to, if
// that is still the one which was read: not changed, and not another file of
// the name. The two names are exchanged, so that also what came in the very
// last moment is seen, and put back.
func (w *Writer) replaceHeld() error {
	l := w.held.lock
	if err := l.same(l.file); err != nil {
		return err
	}
	if !l.named(w.path) {
		return errChanged
	}
	if err := l.keepOwner(w.temp); err != nil {
		return err
	}
	err := unix.Renameat2(unix.AT_FDCWD, w.temp, unix.AT_FDCWD, w.path, unix.RENAME_EXCHANGE)
	switch {
	case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS):
		return os.Rename(w.temp, w.path) // some file systems know no exchange
	case errors.Is(err, unix.ENOENT):
		return errChanged
	case err != nil:
		return err
	case !l.named(w.temp) || l.same(l.file) != nil:
		if err := unix.Renameat2(unix.AT_FDCWD, w.temp, unix.AT_FDCWD, w.path, unix.RENAME_EXCHANGE); err != nil {
			return fmt.Errorf("another program put a file there, which is now called %s: %w", w.temp, err)
		}
		return errChanged
	}
	// The old file has done its duty; if it cannot be removed, it is in nobody's way.
	_ = os.Remove(w.temp)
	return nil
}

// keepOwner gives the new file the owner and the permissions of the old one.
// Where the owner cannot be kept, it stays readable by its new owner alone.
func (l *lock) keepOwner(path string) error {
	st, ok := l.stat.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if int(st.Uid) != os.Geteuid() || int(st.Gid) != os.Getegid() {
		if err := os.Lchown(path, int(st.Uid), int(st.Gid)); err != nil {
			return nil
		}
	}
	return bareError(os.Chmod(path, l.stat.Mode().Perm()))
}

// settle proves the structure of the file, as every reader will, and syncs it.
func settle(f *os.File) error {
	if err := verifyPages(f); err != nil {
		return fmt.Errorf("what was written is no case: %w", bareError(err))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync: %w", bareError(err))
	}
	return nil
}

// renameNew renames without replacing: the check at the start cannot see a
// file that came meanwhile.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		// Some file systems know no such rename; a hard link does not replace either.
		if err = os.Link(from, to); err == nil {
			return os.Remove(from)
		}
		var le *os.LinkError
		if errors.As(err, &le) {
			err = le.Err
		}
	}
	if errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("%w: it came while the case was written: choose another name, or --force to replace it", unix.EEXIST)
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, bareError(err))
	}
	defer d.Close()
	// A file system that cannot sync a directory says EINVAL; the rename is then as durable as it makes it.
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("%s: sync: %w", dir, bareError(err))
	}
	return nil
}
