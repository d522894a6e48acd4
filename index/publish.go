package index

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
		return fmt.Errorf("%s: file exists: choose another name, or --force to replace it", path)
	}
	return nil
}

// publish makes the finished file durable and gives it its name. Power may
// fail at any point: the name stands for the old file or for the whole new
// one.
func (w *Writer) publish() error {
	if err := w.db.Sync(); err != nil {
		return fmt.Errorf("%s: sync: %w", w.path, err)
	}
	err := w.db.Close()
	w.db, w.file = nil, nil
	if err != nil {
		return fmt.Errorf("%s: close: %w", w.path, err)
	}
	if err := trim(w.temp); err != nil {
		return fmt.Errorf("%s: trim: %w", w.path, err)
	}
	if w.force {
		err = os.Rename(w.temp, w.path)
	} else {
		err = renameNew(w.temp, w.path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	w.temp = ""
	return syncDir(filepath.Dir(w.path))
}

// trim cuts the file behind its last used page, since bbolt lets it grow in
// steps, and proves the structure of what is left as every reader will.
func trim(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, end, err := verifyPages(f)
	if err != nil {
		return err
	}
	if err := f.Truncate(end); err != nil {
		return err
	}
	return f.Sync()
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
		return errors.New("file exists: it came while the case was written: choose another name, or --force to replace it")
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
