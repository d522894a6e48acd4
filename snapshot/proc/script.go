package proc

import (
	"errors"
	"fmt"
	"path"
	"strings"

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
	root, err := openTree(fmt.Sprintf("/proc/self/fd/%d/root", v.dir.fd), "/")
	if err != nil {
		return nil
	}
	defer root.close()
	// Opening a device or a FIFO could do something: it is looked at before.
	plain, st, err := root.resolve(strings.TrimPrefix(name, "/"))
	if err != nil || !isRegular(st) {
		return nil
	}
	s := &index.Script{Path: path.Clean("/" + name), File: identityOf(st)}
	if v.NoHash {
		return s
	}
	h := v.hashes.of(keyOf(st))
	if !h.take() {
		return s
	}
	defer h.release()
	if !h.done {
		f, err := root.openPlain(plain)
		if err != nil {
			return s
		}
		h.sum, h.err = v.sum(f.fd, keyOf(st), next)
		_ = f.Close()
		h.done = !errors.Is(h.err, errChanged)
	}
	s.SHA256 = h.sum
	return s
}
