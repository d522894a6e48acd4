package query

import (
	"fmt"
	"strconv"
	"strings"

	"stilltrace/index"
	"stilltrace/query/render"
)

// modified is the column of when a file was written last.
func modified[T any](of func(row *T) index.Time) column[T] {
	return column[T]{render.Column{Name: "mtime", Kind: render.Time, From: 130}, func(r T) render.Cell { return render.TimeCell(of(&r)) }}
}

func units() view[index.Unit] {
	type row = index.Unit
	return view[row]{"unit", "units", []column[row]{
		textColumn(render.Column{Name: "unit", Shrink: 1}, func(u *row) string { return u.Name }),
		textColumn(render.Column{Name: "wanted by", Shrink: 1, From: 100}, func(u *row) string { return strings.Join(u.WantedBy, " ") }),
		textColumn(render.Column{Name: "user", Sparse: true, From: 120}, func(u *row) string { return u.User }),
		textColumn(render.Column{Name: "runs", Shrink: 2}, runsOf),
		textColumn(render.Column{Name: "drop-ins", Shrink: 1, Sparse: true, From: 140}, func(u *row) string { return strings.Join(u.DropIns, " ") }),
		textColumn(render.Column{Name: "path", Shrink: 1, From: 160}, func(u *row) string { return u.Path }),
		modified(func(u *row) index.Time { return u.Mtime }),
	}}
}

// runsOf is what a unit does: where it leads as a link, when it does something,
// and what.
func runsOf(u *index.Unit) string {
	var parts []string
	if u.Target != "" {
		parts = append(parts, "link to "+u.Target)
	}
	parts = append(append(parts, u.Schedule...), u.Exec...)
	if u.Starts != "" {
		parts = append(parts, "starts "+u.Starts)
	}
	return strings.Join(parts, "; ")
}

func cronJobs() view[index.CronJob] {
	type row = index.CronJob
	return view[row]{"job", "jobs", []column[row]{
		textColumn(render.Column{Name: "file", Shrink: 1}, func(j *row) string { return placeOf(j.Path, j.Line) }),
		textColumn(render.Column{Name: "user", Sparse: true}, func(j *row) string { return j.User }),
		textColumn(render.Column{Name: "schedule"}, func(j *row) string { return strings.Join(strings.Fields(j.Schedule), " ") }),
		textColumn(render.Column{Name: "command", Shrink: 2}, func(j *row) string { return j.Command }),
		modified(func(j *row) index.Time { return j.Mtime }),
	}}
}

// placeOf is a line of a file; the file, where that is 0.
func placeOf(path string, line int) string {
	if line == 0 {
		return path
	}
	return path + ":" + strconv.Itoa(line)
}

func authorizedKeys() view[index.AuthorizedKey] {
	type row = index.AuthorizedKey
	return view[row]{"key", "keys", []column[row]{
		textColumn(render.Column{Name: "user"}, func(k *row) string { return k.User }),
		textColumn(render.Column{Name: "type"}, func(k *row) string { return k.Type }),
		textColumn(render.Column{Name: "fingerprint"}, func(k *row) string { return k.Fingerprint }),
		textColumn(render.Column{Name: "options", Shrink: 1, Sparse: true}, func(k *row) string { return k.Options }),
		textColumn(render.Column{Name: "comment", Shrink: 1, Sparse: true}, func(k *row) string { return k.Comment }),
		textColumn(render.Column{Name: "file", Shrink: 1, From: 110}, func(k *row) string { return placeOf(k.Path, k.Line) }),
		modified(func(k *row) index.Time { return k.Mtime }),
	}}
}

// account is a user, and the last login that lastlog(8) or lastlog2(8) has.
type account struct {
	index.User
	LastLogin *index.LastLogin `json:"last_login,omitzero"`
}

func accountsOf(h *index.Host) (all []account) {
	type id struct {
		uid  uint32
		name string
	}
	last := map[id]*index.LastLogin{}
	if h.Logins != nil {
		for i := range h.Logins.Last {
			l := &h.Logins.Last[i]
			last[id{l.UID, l.User}] = l
		}
	}
	for _, u := range h.Users {
		all = append(all, account{u, last[id{u.UID, u.Name}]})
	}
	return all
}

func users() view[account] {
	type row = account
	return view[row]{"user", "users", []column[row]{
		textColumn(render.Column{Name: "user"}, func(u *row) string { return u.Name }),
		{render.Column{Name: "uid", Kind: render.Number}, func(u row) render.Cell { return render.NumberCell(u.UID) }},
		{render.Column{Name: "gid", Kind: render.Number}, func(u row) render.Cell { return render.NumberCell(u.GID) }},
		textColumn(render.Column{Name: "shell", Shrink: 1}, func(u *row) string { return u.Shell }),
		textColumn(render.Column{Name: "home", Shrink: 1}, func(u *row) string { return u.Home }),
		{render.Column{Name: "last login", Kind: render.Time, Sparse: true}, func(u row) render.Cell {
			if u.LastLogin == nil {
				return render.Cell{}
			}
			return render.TimeCell(u.LastLogin.Time)
		}},
		textColumn(render.Column{Name: "from", Shrink: 1, Sparse: true, From: 100}, func(u *row) string {
			if u.LastLogin == nil {
				return ""
			}
			return u.LastLogin.Host
		}),
		textColumn(render.Column{Name: "gecos", Shrink: 1, Sparse: true, From: 120}, func(u *row) string { return u.Gecos }),
	}}
}

// pastLogin is a record of a login, and which file of utmp(5) has it.
type pastLogin struct {
	Of string `json:"of"` // now, past, failed
	index.Login
}

func loginsOf(h *index.Host) (all []pastLogin) {
	if h.Logins == nil {
		return nil
	}
	for _, of := range []struct {
		name   string
		logins []index.Login
	}{{"now", h.Logins.Now}, {"past", h.Logins.Past}, {"failed", h.Logins.Failed}} {
		for _, l := range of.logins {
			all = append(all, pastLogin{of.name, l})
		}
	}
	return all
}

func pastLogins() view[pastLogin] {
	type row = pastLogin
	return view[row]{"record", "records", []column[row]{
		textColumn(render.Column{Name: "of"}, func(l *row) string { return l.Of }),
		{render.Column{Name: "time", Kind: render.Time}, func(l row) render.Cell { return render.TimeCell(l.Time) }},
		textColumn(render.Column{Name: "type"}, func(l *row) string {
			if l.Zero {
				return "zeroed"
			}
			return l.Type
		}),
		textColumn(render.Column{Name: "user", Shrink: 1}, func(l *row) string { return l.User }),
		textColumn(render.Column{Name: "line"}, func(l *row) string { return l.Line }),
		textColumn(render.Column{Name: "host", Shrink: 1}, func(l *row) string { return l.Host }),
		textColumn(render.Column{Name: "address", Sparse: true, From: 100}, func(l *row) string { return l.Addr }),
		{render.Column{Name: "ended", Kind: render.Time, Sparse: true, From: 120}, func(l row) render.Cell { return render.TimeCell(l.Ended) }},
	}}
}

func watchedFiles() view[index.WatchedFile] {
	type row = index.WatchedFile
	return view[row]{"file", "files", append([]column[row]{
		textColumn(render.Column{Name: "path", Shrink: 1}, func(f *row) string { return f.Path }),
		textColumn(render.Column{Name: "link to", Shrink: 1, Sparse: true}, func(f *row) string { return f.Target }),
	}, fileColumns(func(f *row) (*index.FileIdentity, string) { return f.File, f.SHA256 })...)}
}

func foundFiles() view[index.FoundFile] {
	type row = index.FoundFile
	return view[row]{"file", "files", append([]column[row]{
		textColumn(render.Column{Name: "path", Shrink: 1}, func(f *row) string { return f.Path }),
		textColumn(render.Column{Name: "type"}, func(f *row) string { return f.Type }),
		textColumn(render.Column{Name: "link to", Shrink: 1, Sparse: true}, func(f *row) string { return f.Target }),
	}, fileColumns(func(f *row) (*index.FileIdentity, string) { return f.File, f.SHA256 })...)}
}

// fileColumns are what is shown of a file itself: ids, since a file of another
// host keeps those.
func fileColumns[T any](of func(row *T) (file *index.FileIdentity, sha256 string)) []column[T] {
	cell := func(c render.Column, f func(file *index.FileIdentity) render.Cell) column[T] {
		return column[T]{c, func(r T) render.Cell {
			file, _ := of(&r)
			if file == nil {
				return render.Cell{}
			}
			return f(file)
		}}
	}
	return []column[T]{
		cell(render.Column{Name: "mode"}, func(f *index.FileIdentity) render.Cell { return render.TextCell(fmt.Sprintf("%04o", f.Mode)) }),
		cell(render.Column{Name: "uid", Kind: render.Number}, func(f *index.FileIdentity) render.Cell { return render.NumberCell(f.UID) }),
		cell(render.Column{Name: "size", Kind: render.Bytes, From: 90}, func(f *index.FileIdentity) render.Cell { return render.NumberCell(f.Size) }),
		cell(render.Column{Name: "caps", Sparse: true, From: 130}, func(f *index.FileIdentity) render.Cell { return render.TextCell(f.Caps) }),
		cell(render.Column{Name: "mtime", Kind: render.Time}, func(f *index.FileIdentity) render.Cell { return render.TimeCell(f.Mtime) }),
		cell(render.Column{Name: "ctime", Kind: render.Time, From: 150}, func(f *index.FileIdentity) render.Cell { return render.TimeCell(f.Ctime) }),
		{render.Column{Name: "sha256", From: render.Never}, func(r T) render.Cell {
			_, sum := of(&r)
			return render.TextCell(sum)
		}},
	}
}

func programs() view[index.Program] {
	type row = index.Program
	return view[row]{"program", "programs", []column[row]{
		textColumn(render.Column{Name: "path", Shrink: 1}, func(p *row) string { return p.Path }),
		textColumn(render.Column{Name: "package"}, func(p *row) string { return p.Package }),
		textColumn(render.Column{Name: "verified"}, func(p *row) string { return string(p.Verified) }),
		textColumn(render.Column{Name: "package md5", From: render.Never}, func(p *row) string { return p.MD5 }),
		textColumn(render.Column{Name: "package sha256", From: render.Never}, func(p *row) string { return p.SHA256 }),
	}}
}

func packages() view[index.Package] {
	type row = index.Package
	return view[row]{"package", "packages", []column[row]{
		textColumn(render.Column{Name: "package"}, func(p *row) string { return p.Name }),
		textColumn(render.Column{Name: "version", Shrink: 1}, func(p *row) string { return p.Version }),
		textColumn(render.Column{Name: "arch"}, func(p *row) string { return p.Arch }),
		textColumn(render.Column{Name: "state", Sparse: true}, func(p *row) string { return p.State }),
		{render.Column{Name: "installed", Kind: render.Time, Sparse: true}, func(p row) render.Cell { return render.TimeCell(p.Installed) }},
	}}
}

func kernelModules() view[index.Module] {
	type row = index.Module
	return view[row]{"module", "modules", []column[row]{
		textColumn(render.Column{Name: "module"}, func(m *row) string { return m.Name }),
		{render.Column{Name: "size", Kind: render.Bytes}, func(m row) render.Cell { return render.NumberCell(int64(m.Size)) }},
		{render.Column{Name: "refs", Kind: render.Count}, func(m row) render.Cell { return render.NumberCell(m.Refs) }},
		textColumn(render.Column{Name: "state"}, func(m *row) string { return m.State }),
		textColumn(render.Column{Name: "taint", Sparse: true}, func(m *row) string { return m.Taint }),
		textColumn(render.Column{Name: "used by", Shrink: 1, Sparse: true}, func(m *row) string { return strings.Join(m.UsedBy, " ") }),
	}}
}

func mounts() view[index.Mount] {
	type row = index.Mount
	return view[row]{"mount", "mounts", []column[row]{
		textColumn(render.Column{Name: "point", Shrink: 1}, func(m *row) string { return m.Point }),
		textColumn(render.Column{Name: "type"}, func(m *row) string { return m.Type }),
		textColumn(render.Column{Name: "source", Shrink: 1}, func(m *row) string { return m.Source }),
		textColumn(render.Column{Name: "root", Shrink: 1, From: 120}, func(m *row) string { return m.Root }),
		textColumn(render.Column{Name: "options", Shrink: 1}, func(m *row) string { return m.Options }),
	}}
}
