package process

import (
	"path"
	"slices"
	"strings"

	"stilltrace/index"
)

// preload: the loader maps what these variables name into the program before
// its own libraries (ld.so(8)), which is how a user's rootkit hides its files.
func preload(_ *host, p *Row) *verdict {
	for i := range p.Environ {
		e := &p.Environ[i]
		if e.Name != "LD_PRELOAD" && e.Name != "LD_AUDIT" || e.Value != nil && strings.Trim(*e.Value, " :") == "" {
			continue
		}
		v := &verdict{40, "a library that is forced upon a program", []string{e.Name + " is set"}, []string{"environ"}}
		if e.Value != nil {
			v.reasons[0] = e.Name + " is " + *e.Value
			v.points = preloadPoints(*e.Value)
		}
		return v
	}
	return nil
}

// preloadPoints weighs the worst of several libraries.
func preloadPoints(value string) int {
	worst := 0
	for _, file := range strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ':' }) {
		points := 40
		if odd, _ := oddPlace(file); odd >= 40 {
			points = 60
		} else if slices.ContainsFunc(usualPreloads, func(name string) bool { return strings.HasPrefix(path.Base(file), name) }) {
			points = 10
		}
		worst = max(worst, points)
	}
	return worst
}

// usualPreloads are libraries that are made to be preloaded: allocators, and
// what fakeroot(1), stdbuf(1) and others set.
var usualPreloads = []string{"libjemalloc", "libtcmalloc", "libmimalloc", "libfakeroot", "libfaketime", "libstdbuf", "libeatmydata", "libtsocks",
	"libproxychains", "libasan", "libSegFault", "libgtk3-nocsd", "libsnoopy", "libheaptrack_preload"}

// writableCode: memory that can be written and executed is where injected code
// lies. Compilers that run at run time need it; most of them say who they are.
func writableCode(_ *host, p *Row) *verdict {
	for i := range p.Maps {
		m := &p.Maps[i]
		if !strings.HasPrefix(m.Perms, "rwx") {
			continue
		}
		v := &verdict{30, "memory that can be written and executed", []string{"it has a map " + m.Perms + " of " + mapName(m)}, []string{"maps"}}
		if compiles(p) {
			v.points = 5
			v.reasons = append(v.reasons, "usual for "+path.Base(p.Exe)+", which compiles as it runs")
		}
		return v
	}
	return nil
}

func mapName(m *index.Mapping) string {
	if m.Path == "" || m.Path == "/dev/zero" {
		return "anonymous memory"
	}
	return m.Path
}

// anonymous reports whether a map has a name and yet no file: memory that is
// shared (mmap(2), shmget(2)), and what the kernel writes in brackets.
func anonymous(path string) bool {
	return path == "/dev/zero" || strings.HasPrefix(path, "/SYSV") || strings.HasPrefix(path, "[")
}

// compilers are programs that compile at run time.
var compilers = []string{"java", "node", "nodejs", "deno", "bun", "dotnet", "mono", "chrome", "chromium", "firefox", "electron", "code", "qemu", "luajit",
	"php", "pypy", "ruby", "julia", "beam", "wine", "wine64", "gjs", "gnome-shell", "polkitd", "WebKitWebProcess", "postgres", "envoy", "R"}

// compiles reports whether p is one of them, by its executable, which no
// package puts where anybody may write.
func compiles(p *Row) bool {
	base := path.Base(p.Exe)
	odd, _ := oddPlace(p.Exe)
	return odd == 0 && slices.ContainsFunc(compilers, func(name string) bool { return namedAfter(base, name) })
}

// namedAfter reports whether a file is called like a program, or like a part or
// a version of it: php8.2, php-fpm, beam.smp.
func namedAfter(base, name string) bool {
	rest, ok := strings.CutPrefix(base, name)
	return ok && (rest == "" || strings.Contains("0123456789.-_", rest[:1]))
}

// codePlace: code that runs beside the executable, from where no library is
// installed.
func codePlace(_ *host, p *Row) *verdict {
	var worst *verdict
	for i := range p.Maps {
		m := &p.Maps[i]
		if !strings.Contains(m.Perms, "x") || m.Path == "" || m.Path == p.Exe || anonymous(m.Path) {
			continue
		}
		points, where := oddPlace(m.Path)
		switch {
		case inMemory(m.Path):
			points, where = 30, "memory only"
		case points >= 40:
		case m.Deleted && !packaged(m.Path) && strings.HasPrefix(m.Path, "/"):
			points, where = 30, "a file that was deleted"
		default:
			continue
		}
		if compiles(p) {
			points = 10 // they unpack their native libraries there
		}
		if worst == nil || points > worst.points {
			worst = &verdict{points, "code in " + where, []string{"it runs code of " + m.Path}, []string{"maps"}}
		}
	}
	return worst
}
