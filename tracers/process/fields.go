package process

import (
	"path"
	"strconv"
	"strings"

	"stilltrace/index"
)

// Fields returns the fields that a term may name.
func Fields() []index.FieldSpec { return index.Specs(fields) }

type field = index.FieldOf[*Row]

func number(name, doc string, values func(*Row) []int64) field {
	return field{FieldSpec: index.FieldSpec{Name: name, Kind: index.Number, Doc: doc},
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(values(r)...) }}
}

func text(name, doc string, value func(*Row) string, vocabulary ...string) field {
	return field{FieldSpec: index.FieldSpec{Name: name, Kind: index.Exact, Doc: doc, Values: vocabulary},
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(value(r)) }}
}

func truth(name, doc string, value func(*Row) bool) field {
	return text(name, doc, func(r *Row) string { return strconv.FormatBool(value(r)) }, "true", "false")
}

var fields = []field{
	number("pid", "process id", func(r *Row) []int64 { return []int64{int64(r.PID)} }),
	number("ppid", "process id of the parent", func(r *Row) []int64 { return []int64{int64(r.PPID)} }),
	text("comm", "name as the kernel has it, at most 15 bytes", func(r *Row) string { return r.Comm }),
	{FieldSpec: index.FieldSpec{Name: "name", Kind: index.Exact, Doc: "comm, or the last part of exe or of the first argument"},
		Holds: func(c *index.Condition, r *Row) bool { return c.Text(names(r)...) }},
	text("exe", "path of the executable", func(r *Row) string { return r.Exe }),
	{FieldSpec: index.FieldSpec{Name: "cmdline", Kind: index.Contains, Doc: "text within the arguments, joined by blanks"},
		Holds: func(c *index.Condition, r *Row) bool { return c.Text(strings.Join(r.Cmdline, " ")) }},
	text("user", "name of the effective user", func(r *Row) string { return r.User }),
	number("uid", "number of the real user", func(r *Row) []int64 { return optional(r.UID) }),
	number("euid", "number of the effective user", func(r *Row) []int64 { return optional(r.EUID) }),
	text("state", "state by its letter in /proc/PID/stat", func(r *Row) string { return r.State },
		"R", "S", "D", "Z", "T", "t", "W", "X", "x", "K", "P", "I"),
	text("container", "id of the container", func(r *Row) string { return r.Container }),
	text("service", "systemd unit, session for a login session", func(r *Row) string { return r.Service }),
	text("cgroup", "path of the cgroup", func(r *Row) string { return r.Cgroup }),
	text("tty", "controlling terminal: pts/0, tty1", func(r *Row) string { return r.TTY }),
	number("port", "local port of a socket that it holds", func(r *Row) []int64 { return r.ports }),
	truth("kernel_thread", "whether the kernel marks it as its own thread", func(r *Row) bool { return r.Kernel }),
	truth("deleted", "whether its executable is deleted", func(r *Row) bool { return r.ExeGone }),
	number("loginuid", "number of the user who logged in, even after su", func(r *Row) []int64 { return optional(r.LoginUID) }),
	number("netns", "inode of the network namespace", func(r *Row) []int64 {
		if r.Spaces.Net == 0 {
			return nil
		}
		return []int64{int64(r.Spaces.Net)}
	}),
}

func names(r *Row) []string {
	var list []string
	if r.Comm != "" {
		list = append(list, r.Comm)
	}
	if r.Exe != "" {
		list = append(list, path.Base(r.Exe))
	}
	if len(r.Cmdline) > 0 {
		// Daemons write a title over it: nginx: worker process.
		if word, _, _ := strings.Cut(r.Cmdline[0], " "); word != "" {
			list = append(list, path.Base(word))
		}
	}
	return list
}

func optional(n *uint32) []int64 {
	if n == nil {
		return nil
	}
	return []int64{int64(*n)}
}
