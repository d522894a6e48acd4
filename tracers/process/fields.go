package process

import (
	"net/netip"
	"path"
	"slices"
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

// texts is a field of which a process can have several values.
func texts(name, doc string, values func(*Row) []string, vocabulary ...string) field {
	return field{FieldSpec: index.FieldSpec{Name: name, Kind: index.Exact, Doc: doc, Values: vocabulary},
		Holds: func(c *index.Condition, r *Row) bool {
			list := values(r)
			if len(list) == 0 {
				return c.Optional("")
			}
			return c.Text(list...)
		}}
}

func truth(name, doc string, value func(*Row) bool) field {
	return text(name, doc, func(r *Row) string { return strconv.FormatBool(value(r)) }, "true", "false")
}

var fields = []field{
	number("pid", "process id", func(r *Row) []int64 { return []int64{int64(r.PID)} }),
	number("ppid", "process id of the parent", func(r *Row) []int64 { return []int64{int64(r.PPID)} }),
	number("ancestor", "process id of the parent, or of its parent, and so on", ancestors),
	text("comm", "name as the kernel has it, at most 15 bytes", func(r *Row) string { return r.Comm }),
	texts("name", "comm, or the last part of exe or of the first argument", names),
	text("exe", "path of the executable", func(r *Row) string { return r.Exe }),
	text("sha256", "digest of the executable", func(r *Row) string { return r.ExeSHA256 }),
	{FieldSpec: index.FieldSpec{Name: "cmdline", Kind: index.Contains, Doc: "text within the arguments, joined by blanks"},
		Holds: func(c *index.Condition, r *Row) bool { return within(c, strings.Join(r.Cmdline, " ")) }},
	text("cwd", "directory in which it works", func(r *Row) string { return r.Cwd }),
	{FieldSpec: index.FieldSpec{Name: "user", Kind: index.Exact, Doc: "name of the effective user, or its number where it has none"}, Holds: ofUser},
	number("uid", "number of the real user", func(r *Row) []int64 { return optional(r.UID) }),
	number("euid", "number of the effective user", func(r *Row) []int64 { return optional(r.EUID) }),
	text("login", "name of the user who logged in, even after su", func(r *Row) string { return r.LoginUser }),
	number("loginuid", "number of the user who logged in, even after su", func(r *Row) []int64 { return optional(r.LoginUID) }),
	texts("state", "state by its letter in /proc/PID/stat, or by a word", func(r *Row) []string { return stateNames(r.State) },
		"R", "S", "D", "Z", "T", "t", "W", "X", "x", "K", "P", "I", "running", "sleeping", "blocked", "zombie", "stopped", "traced", "dead", "idle"),
	texts("service", "systemd unit, with or without .service; session for a login session", services),
	texts("container", "id of the container, its first 12 digits, or its name", containers),
	text("cgroup", "path of the cgroup", func(r *Row) string { return r.Cgroup }),
	text("tty", "controlling terminal: pts/0, tty1", func(r *Row) string { return r.TTY }),
	texts("file", "what it has open, runs or works in: path of a file, device, directory or unix socket, socket:[901], pipe:[77]", files),
	truth("deleted_file", "whether it has a file open that was deleted, whose space is not free until it closes it", holdsDeleted),
	texts("map", "file whose code it runs, or that it shares memory with in an odd place", mapped),
	texts("env", "name of an environment variable", func(r *Row) []string { return variables(r) }),
	number("port", "local port of a socket that it holds", ports),
	{FieldSpec: index.FieldSpec{Name: "ip", Kind: index.Address, Doc: "local or remote address of a socket that it holds, or a CIDR prefix"},
		Holds: func(c *index.Condition, r *Row) bool { return c.Addr(addresses(r)...) }},
	number("threads", "how many threads", func(r *Row) []int64 { return []int64{int64(r.Threads)} }),
	number("fds", "how many open descriptors", func(r *Row) []int64 {
		if r.FDs == nil {
			return nil
		}
		return []int64{int64(*r.FDs)}
	}),
	number("age", "seconds since it began", func(r *Row) []int64 {
		if r.CPU.Lifetime.MS <= 0 {
			return nil
		}
		return []int64{r.CPU.Lifetime.MS / 1000}
	}),
	number("rss", "resident memory in bytes", func(r *Row) []int64 { return []int64{signed(r.RSS)} }),
	number("score", "points of all that stands out about it", func(r *Row) []int64 { return []int64{int64(r.Score)} }),
	texts("finding", "what stands out about it", factorNames, ruleNames()...),
	truth("kernel_thread", "whether the kernel marks it as its own thread", func(r *Row) bool { return r.Kernel }),
	truth("deleted", "whether its executable is deleted", func(r *Row) bool { return r.ExeGone }),
	number("netns", "inode of the network namespace", func(r *Row) []int64 {
		if r.Spaces.Net == 0 {
			return nil
		}
		return []int64{signed(r.Spaces.Net)}
	}),
}

// ofUser takes the number as it is shown in the place of a name, and only as
// such: user:* holds for none that has no name.
func ofUser(c *index.Condition, r *Row) bool {
	if r.User == "" && r.EUID != nil && c.Op == index.Is && c.Value == userOf(r) {
		return !c.Not
	}
	return c.Optional(r.User)
}

// within looks for a text, ASCII letters of both cases alike, in which * stands
// for any other, as it does in whole values.
func within(c *index.Condition, line string) bool {
	if c.Op != index.Is || !strings.Contains(c.Value, "*") {
		return c.Text(line)
	}
	pattern, ok := index.Term{Field: c.Field, Op: index.Is, Value: "*" + strings.ToLower(c.Value) + "*", Not: c.Not}.Compile(index.Exact)
	return ok && pattern.Optional(strings.ToLower(line))
}

// deepest is how far a climb from parent to parent goes: further than any
// shell nests, and the end of one that a forged case leads in a circle.
const deepest = 1000

func ancestors(r *Row) []int64 {
	var up []int64
	for at := r.parent; at != nil && len(up) < deepest; at = at.parent {
		up = append(up, int64(at.PID))
	}
	return up
}

// stateNames are the names of a state: its letter in proc_pid_stat(5), and a word.
func stateNames(letter string) []string {
	words := map[string]string{"R": "running", "S": "sleeping", "D": "blocked", "Z": "zombie", "T": "stopped", "t": "traced", "X": "dead", "x": "dead", "I": "idle"}
	switch w := words[letter]; {
	case letter == "":
		return nil
	case w != "":
		return []string{letter, w}
	}
	return []string{letter}
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

func services(r *Row) []string {
	if r.Service == "" {
		return nil
	}
	list := []string{r.Service}
	if short, ok := strings.CutSuffix(r.Service, ".service"); ok {
		list = append(list, short)
	}
	return list
}

func containers(r *Row) []string { return index.ContainerNames(r.Container, r.ContainerName) }

// files are those that lsof(8) lists: descriptors, code, the directory, and
// where unix sockets are bound.
func files(r *Row) []string {
	list := mapped(r)
	for i := range r.Files {
		list = append(list, r.Files[i].Target)
	}
	for _, path := range []string{r.Exe, r.Cwd} {
		if path != "" {
			list = append(list, path)
		}
	}
	if r.Script != nil {
		list = append(list, r.Script.Path)
	}
	for _, s := range r.sockets {
		if s.Path != "" {
			list = append(list, s.Path)
		}
	}
	return list
}

func holdsDeleted(r *Row) bool {
	return slices.ContainsFunc(r.Files, func(f index.OpenFile) bool { return f.Deleted && f.Type == "file" })
}

func mapped(r *Row) []string {
	var list []string
	for i := range r.Maps {
		if r.Maps[i].Path != "" {
			list = append(list, r.Maps[i].Path)
		}
	}
	return list
}

func variables(r *Row) []string {
	list := make([]string, len(r.Environ))
	for i := range r.Environ {
		list[i] = r.Environ[i].Name
	}
	return list
}

func ports(r *Row) []int64 {
	var list []int64
	for _, s := range r.sockets {
		if s.LPort != 0 {
			list = append(list, int64(s.LPort))
		}
	}
	return list
}

func addresses(r *Row) []netip.Addr {
	var list []netip.Addr
	for _, s := range r.sockets {
		list = append(list, s.Local, s.Remote)
	}
	return list
}

func factorNames(r *Row) []string {
	list := make([]string, len(r.Factors))
	for i := range r.Factors {
		list[i] = r.Factors[i].Name
	}
	return list
}

func optional(n *uint32) []int64 {
	if n == nil {
		return nil
	}
	return []int64{int64(*n)}
}

// signed is n as a term can compare it.
func signed(n uint64) int64 { return int64(min(n, 1<<63-1)) }
