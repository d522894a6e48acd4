package proc

import (
	"errors"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// interpreters are the programs of which the script says what they do.
var interpreters = []string{"sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "busybox", "python", "pypy", "perl", "ruby", "php", "node", "nodejs", "lua", "tclsh", "awk", "gawk", "mawk"}

// scriptOf is the file that an interpreter runs, by its arguments: the first
// one that is no option. "" where it is no interpreter or runs something else.
func scriptOf(exe string, args []string) string {
	name := strings.TrimRight(path.Base(exe), "0123456789.-")
	known := false
	for _, one := range interpreters {
		known = known || one == name
	}
	if !known || len(args) < 2 {
		return ""
	}
	// A link to busybox has the name of the applet; busybox itself is told it.
	if name == "busybox" && path.Base(args[0]) == "busybox" {
		args = args[1:]
	}
	for i, arg := range args[1:] {
		switch {
		case arg == "--" && i+2 < len(args):
			return args[i+2]
		case arg == "-c" || arg == "-e" || arg == "-m" || arg == "-" || arg == "":
			return "" // a command, a module, standard input
		case !strings.HasPrefix(arg, "-"):
			return arg
		}
	}
	return ""
}

// script finds the script within the root of the process and hashes it. That
// there is none is no gap: what looks like a name may be something else.
func (v *visit) script(args []string, next func(step) bool) *index.Script {
	name := scriptOf(v.p.Exe, args)
	if name == "" || len(name) > maxLinkText {
		return nil
	}
	if !path.IsAbs(name) {
		if !path.IsAbs(v.p.Cwd) {
			return nil
		}
		name = path.Join(v.p.Cwd, name)
	}
	root, err := again(func() (int, error) {
		return unix.Openat(v.dir.fd, "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil
	}
	defer unix.Close(root)
	how := unix.OpenHow{Flags: unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	var fd int
	// Opening a device or a FIFO could do something: it is looked at before.
	look := how
	look.Flags = unix.O_PATH | unix.O_CLOEXEC
	if fd, err = unix.Openat2(root, strings.TrimPrefix(name, "/"), &look); err != nil {
		return nil
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	_ = unix.Close(fd)
	if err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	s := &index.Script{Path: path.Clean("/" + name), File: identityOf(&st)}
	if v.NoHash {
		return s
	}
	h := v.hashes.of(keyOf(&st))
	if !h.take() {
		return s
	}
	defer h.release()
	if !h.done {
		untouched := how
		untouched.Flags |= unix.O_NOATIME
		if fd, err = unix.Openat2(root, strings.TrimPrefix(name, "/"), &untouched); err != nil {
			fd, err = unix.Openat2(root, strings.TrimPrefix(name, "/"), &how)
		}
		if err != nil {
			return s
		}
		h.sum, h.err = v.sum(fd, keyOf(&st), next)
		_ = unix.Close(fd)
		h.done = !errors.Is(h.err, errChanged)
	}
	s.SHA256 = h.sum
	return s
}
