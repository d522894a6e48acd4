package proc

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// tree is a directory that is read as if it were the root of the file system:
// links that are absolute or climb stay within it, as they would on the host
// that it came from. os.Root holds that against us too.
type tree struct {
	root  *os.Root
	place string // what the captured host calls it: /proc or /
	// opened is told of each regular file that is read; it may be nil.
	opened func(at string, fd int)
}

func openTree(dir, place string) (*tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &tree{root: root, place: place}, nil
}

func (t *tree) close() { _ = t.root.Close() }

// at is the name of a file of the tree on the captured host.
func (t *tree) at(name string) string { return path.Join(t.place, name) }

// resolve follows the links of name within the tree and returns a name
// without links.
func (t *tree) resolve(name string) (string, fs.FileInfo, error) {
	var done []string
	var info fs.FileInfo
	todo := strings.Split(name, "/")
	for links := 0; len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			done = done[:max(len(done)-1, 0)]
			continue
		}
		at := path.Join(path.Join(done...), part)
		var err error
		if info, err = t.root.Lstat(at); err != nil {
			return "", nil, err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = append(done, part)
			continue
		}
		target, err := t.root.Readlink(at)
		if err != nil {
			return "", nil, err
		}
		if links++; links > maxLinks {
			return "", nil, syscall.ELOOP
		}
		if path.IsAbs(target) {
			done = nil
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return path.Join(done...), info, nil
}

// open opens a regular file of the tree. It cannot block, and it is no
// device: name is looked at before it is opened, and again after.
func (t *tree) open(name string) (*os.File, error) {
	plain, info, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	if info == nil || !info.Mode().IsRegular() {
		return nil, errUnsupported
	}
	f, err := t.untouched(plain, syscall.O_NONBLOCK|syscall.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		if err != nil {
			return nil, err
		}
		return nil, errUnsupported
	}
	if t.opened != nil {
		t.opened(t.at(plain), int(f.Fd()))
	}
	return f, nil
}

// untouched opens what name means without a trace in its time of access, where
// that is allowed (open(2), O_NOATIME).
func (t *tree) untouched(name string, flags int) (*os.File, error) {
	f, err := t.root.OpenFile(name, os.O_RDONLY|syscall.O_NOATIME|flags, 0)
	if errors.Is(err, syscall.EPERM) {
		return t.root.OpenFile(name, os.O_RDONLY|flags, 0)
	}
	return f, err
}

// read returns the first limit bytes of a regular file, and errTooLarge with
// them where there are more.
func (t *tree) read(name string, limit int) ([]byte, error) {
	f, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(data) > limit {
		return data[:limit], errTooLarge
	}
	return data, err
}

// link returns the text of a link of the tree; the last part of name is not
// followed.
func (t *tree) link(name string) (string, error) {
	parent, _, err := t.resolve(path.Dir(name))
	if err != nil {
		return "", err
	}
	return t.root.Readlink(path.Join(parent, path.Base(name)))
}

// regular is nil where name is a regular file and no link: what procfs, which
// opens by name, may be sent to.
func (t *tree) regular(name string) error {
	info, err := t.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		return errUnsupported
	}
	return err
}
