package query

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// writeOutput runs write on the file called path, or on stdout where path is
// "". A file is written beside its name and renamed when it is whole: what is
// there under its name is the old one or the new one.
func (e *Env) writeOutput(path string, force bool, write func(io.Writer) error) error {
	if path == "" {
		out := bufio.NewWriterSize(e.Stdout, 64<<10)
		if err := write(out); err != nil {
			_ = out.Flush() // what was found before the trouble is still an answer
			return err
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("stdout: %w", err)
		}
		return nil
	}
	if err := writable(path, force); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("%s: %w: write to another directory", path, bare(err))
	}
	if err := fill(tmp, write); err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := publish(tmp.Name(), path, force); err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("%s: %w", path, bare(err))
	}
	return nil
}

// writable refuses early what publish would refuse in the end, and what must
// not be replaced even by force: a directory, a device.
func writable(path string, force bool) error {
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", path, bare(err))
	case !st.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file: write to another name", path)
	case !force:
		return fmt.Errorf("%s: exists: --force replaces it", path)
	}
	return nil
}

func fill(f *os.File, write func(io.Writer) error) error {
	out := bufio.NewWriterSize(f, 64<<10)
	err := write(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return bare(err)
}

// publish gives the whole file its name. Without force it replaces nothing,
// not even what appeared while the answer was written.
func publish(tmp, path string, force bool) error {
	if force {
		return os.Rename(tmp, path)
	}
	err := unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	switch {
	case errors.Is(err, unix.EEXIST):
		return errors.New("exists: --force replaces it")
	case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS):
		// The file system cannot do it in one step; a link fails just as well where the name is taken.
		if err = os.Link(tmp, path); err == nil {
			err = os.Remove(tmp)
		}
	}
	return err
}

// bare is err without the operation and the path, which the caller names.
func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
