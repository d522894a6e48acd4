package logs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"stilltrace/index"
)

// DefaultDir is where logs are looked for when none are given
// (Filesystem Hierarchy Standard 3.0, section 5.10).
const DefaultDir = "/var/log"

const (
	// maxFiles bounds how many logs one capture takes: a hostile directory must not make it run for ever.
	maxFiles = 10_000
	// maxListed bounds the names that are taken from one directory.
	maxListed = 100_000
	// maxDirDepth bounds directories in directories.
	maxDirDepth = 16
)

// File is one log that was found.
type File struct {
	Path   string // as the captured host names it
	family string // the path without what rotation added
	age    int    // 0 the newest of its family
}

// Finder looks for logs below the root directory of the captured host.
type Finder struct {
	root      *os.Root
	dir       *os.File // the same directory, for openat2(2)
	name      string   // of the root directory, as given
	skip      func(fs.FileInfo) bool
	gap       func(index.Gap)
	files     []File
	seen      map[string]bool
	over      int // files beyond maxFiles, and the first of them
	firstOver string
}

// NewFinder looks below root. Files for which skip says so are passed over in
// silence (the case being written); gap is told of everything else that cannot
// be read.
func NewFinder(root string, skip func(fs.FileInfo) bool, gap func(index.Gap)) (*Finder, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", root, cause(err))
	}
	dir, err := r.Open(".")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", root, cause(err))
	}
	return &Finder{root: r, dir: dir, name: root, skip: skip, gap: gap, seen: map[string]bool{}}, nil
}

// Close gives the root directory back.
func (f *Finder) Close() error { return errors.Join(f.dir.Close(), f.root.Close()) }

// Find returns the logs that args name: files, directories (read to their
// depth) and globs; a file that is named brings its rotated siblings with it
// where rotated says so. An argument
// that names nothing is an error. Without arguments the logs of DefaultDir are
// returned, and a missing directory is a gap.
func (f *Finder) Find(args []string, rotated bool) ([]File, error) {
	if len(args) == 0 {
		dir, err := f.inside(DefaultDir)
		if err == nil {
			_, err = f.root.Stat(relative(dir))
		}
		if err != nil {
			f.lost(DefaultDir, err)
			return nil, nil
		}
		f.walk(dir, 0)
	}
	for _, arg := range args {
		if err := f.arg(arg, rotated); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(f.files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.family, b.family), cmp.Compare(a.age, b.age), cmp.Compare(a.Path, b.Path))
	})
	f.files = slices.DeleteFunc(f.files, f.twin)
	if f.over > 0 {
		f.gap(index.Gap{Area: "log", Place: f.firstOver, Reason: index.ReasonTooLarge, Detail: fmt.Sprintf("more than %d files: this one and others are not read", maxFiles), Count: f.over})
	}
	return f.files, nil
}

// twin reports whether a compressed file is that of a rotation which is read
// as it is: logrotate leaves both while it packs, and each line would count
// twice.
func (f *Finder) twin(file File) bool {
	plain, packed := strings.CutSuffix(file.Path, ".gz")
	if !packed || !f.seen[plain] {
		return false
	}
	f.gap(index.Gap{Area: "log", Place: file.Path, Reason: index.ReasonUnsupported, Detail: "left out: it is the packed form of " + plain + ", which is read", Count: 1})
	return true
}

func (f *Finder) arg(arg string, rotated bool) error {
	name, err := f.inside(arg)
	if err != nil {
		return err
	}
	names := []string{name}
	_, err = f.root.Stat(relative(name))
	if errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(name, "*?[") {
		if names, err = fs.Glob(f.root.FS(), relative(name)); err != nil {
			return fmt.Errorf("%s: bad glob: %w", arg, err)
		}
		if len(names) == 0 {
			return fmt.Errorf("%s: no file matches: check the pattern", arg)
		}
		for i := range names {
			names[i] = "/" + names[i]
		}
		// Whoever writes a pattern says which files are meant.
		rotated = false
	} else if err != nil {
		return fmt.Errorf("%s: %w: check the path", arg, cause(err))
	}
	for _, n := range names {
		st, err := f.root.Stat(relative(n))
		switch {
		case err == nil && st.IsDir():
			f.walk(n, 0)
			continue
		case err == nil && !st.Mode().IsRegular():
			return fmt.Errorf("%s: not a regular file: name a log, or a directory of logs", arg)
		}
		f.add(n)
		if rotated {
			f.siblings(n)
		}
	}
	return nil
}

// inside returns arg as a path below the root directory. With another root
// than / an argument may name the file as the host does, or as it lies here.
func (f *Finder) inside(arg string) (string, error) {
	if arg == "" {
		return "", errors.New("a log with an empty name: check the command line")
	}
	abs, err := filepath.Abs(arg)
	if err != nil {
		return "", fmt.Errorf("%s: %w", arg, err)
	}
	root, err := filepath.Abs(f.name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.name, err)
	}
	if root == "/" {
		// A link to another place of this host is followed where the user names it; os.Root would refuse one that is absolute.
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			return real, nil
		}
		return abs, nil
	}
	if rel, ok := strings.CutPrefix(abs, root+"/"); ok {
		return "/" + rel, nil
	}
	if !filepath.IsAbs(arg) {
		return path.Clean("/" + arg), nil
	}
	return abs, nil
}

func (f *Finder) walk(dir string, depth int) {
	if depth > maxDirDepth {
		f.gap(index.Gap{Area: "log", Place: dir, Reason: index.ReasonTooLarge, Detail: fmt.Sprintf("more than %d directories deep", maxDirDepth), Count: 1})
		return
	}
	entries, err := f.list(dir)
	if err != nil {
		f.lost(dir, err)
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir():
			f.walk(name, depth+1)
		case e.Type()&fs.ModeSymlink != 0:
			// Whoever may write into a directory of logs could lead a capture that runs as root to any file.
			f.gap(index.Gap{Area: "log", Place: name, Reason: index.ReasonUnsupported, Detail: "symbolic link: not followed: name its target to read it", Count: 1})
		case !e.Type().IsRegular():
			f.gap(index.Gap{Area: "log", Place: name, Reason: index.ReasonUnsupported, Detail: "not a regular file", Count: 1})
		default:
			f.add(name)
		}
	}
}

// list is what lies in a directory, its files before its directories: the logs
// of /var/log itself come first, whatever somebody heaps up below it. Names may
// be any bytes, which fs.ReadDir would refuse.
func (f *Finder) list(dir string) ([]fs.DirEntry, error) {
	d, err := f.root.Open(relative(dir))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(maxListed)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if len(entries) == maxListed {
		f.gap(index.Gap{Area: "log", Place: dir, Reason: index.ReasonTooLarge, Detail: fmt.Sprintf("more than %d names: the others are not read", maxListed), Count: 1})
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		if a.IsDir() != b.IsDir() {
			if a.IsDir() {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Name(), b.Name())
	})
	return entries, err
}

// siblings adds the rotated files beside name.
func (f *Finder) siblings(name string) {
	entries, err := f.list(path.Dir(name))
	if err != nil {
		f.lost(path.Dir(name), err)
	}
	for _, e := range entries {
		other := path.Join(path.Dir(name), e.Name())
		if family, age := rotation(other); age > 0 && family == name && e.Type().IsRegular() {
			f.add(other)
		}
	}
}

func (f *Finder) add(name string) {
	if f.seen[name] {
		return
	}
	if len(f.files) >= maxFiles {
		f.over++
		f.firstOver = cmp.Or(f.firstOver, name)
		return
	}
	f.seen[name] = true
	family, age := rotation(name)
	f.files = append(f.files, File{Path: name, family: family, age: age})
}

func (f *Finder) lost(place string, err error) {
	f.gap(index.Gap{Area: "log", Place: place, Reason: reasonOf(err), Detail: cause(err).Error(), Count: 1})
}

// rotation takes from a name what logrotate(8) adds to it: ".1", ".2.gz",
// "-20261123", "-20261123.gz", and returns an age that is greater for what is
// older. What was not rotated has age 0.
func rotation(name string) (family string, age int) {
	family = name
	for _, packed := range [...]string{".gz", ".xz", ".zst", ".bz2"} {
		family = strings.TrimSuffix(family, packed)
	}
	if i := strings.LastIndexAny(family, ".-"); i > 0 {
		tail := family[i+1:]
		n, err := strconv.Atoi(tail)
		switch {
		case err != nil || n < 0:
		case family[i] == '.' && len(tail) <= 4 && !isDigit(family[i-1]):
			// 192.168.1.10 is the log of a host, not the tenth of a family.
			return family[:i], n + 1
		case family[i] == '-' && len(tail) >= 8 && len(tail) <= 10:
			// Dates grow with time and ages with the past.
			return family[:i], 1<<40 - n
		}
	}
	if family != name {
		return family, 1
	}
	return family, 0
}

func relative(name string) string {
	return cmp.Or(strings.TrimPrefix(path.Clean(name), "/"), ".")
}

// cause returns what the operating system said, without the path and the call,
// which the message around it names.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func reasonOf(err error) index.Reason {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return index.ReasonPermission
	case errors.Is(err, fs.ErrNotExist):
		return index.ReasonAbsent
	}
	return index.ReasonIO
}
