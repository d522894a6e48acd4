package proc

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// unitFolders are the places of unit files, those that count first
// (systemd.unit(5)).
var unitFolders = []string{
	"etc/systemd/system.control", "run/systemd/system.control", "run/systemd/transient", "run/systemd/generator.early", "etc/systemd/system", "etc/systemd/system.attached",
	"run/systemd/system", "run/systemd/system.attached", "run/systemd/generator", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system", "run/systemd/generator.late",
}

// userUnitFolders are those of the managers of users, of which each name may be
// there once for all and once for each user.
var userUnitFolders = []string{"etc/xdg/systemd/user", "etc/systemd/user", "run/systemd/user", "usr/local/lib/systemd/user", "usr/lib/systemd/user"}

// homeUnitFolders are those in the home of a user.
var homeUnitFolders = []string{".config/systemd/user.control", ".config/systemd/user", ".local/share/systemd/user"}

// units reads the unit files that start something.
func (h *hostReader) units() {
	u := unitReader{hostReader: h, at: map[string]int{}, seen: map[string]bool{}}
	for _, dir := range unitFolders {
		u.folder(dir)
	}
	u.flush()
	for _, dir := range userUnitFolders {
		u.folder(dir)
	}
	u.flush()
	for i := range h.host.Users {
		if home := strings.TrimPrefix(path.Clean("/"+h.host.Users[i].Home), "/"); home != "" {
			for _, dir := range homeUnitFolders {
				u.folder(path.Join(home, dir))
			}
			u.flush()
		}
	}
	u.stamps()
	slices.SortStableFunc(h.host.Units, func(a, b index.Unit) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Path, b.Path))
	})
}

// unitReader gathers the units of one manager.
type unitReader struct {
	*hostReader
	units []index.Unit
	at    map[string]int  // place in units by name
	seen  map[string]bool // folders, by their name without links
	// folders are those of units, likewise, once a link leads out of one.
	folders map[string]bool
	wants   []want
	conf    []dropIn
}

type want struct{ unit, by string }

type dropIn struct {
	unit, path, text string
	stat             *unix.Stat_t
}

// flush ends a manager: what others say of a unit is given to it.
func (u *unitReader) flush() {
	for _, w := range u.wants {
		if i, ok := u.find(w.unit); ok && !slices.Contains(u.units[i].WantedBy, w.by) {
			u.units[i].WantedBy = append(u.units[i].WantedBy, w.by)
		}
	}
	for _, d := range u.conf {
		if i, ok := u.find(d.unit); ok {
			u.units[i].DropIns = append(u.units[i].DropIns, d.path)
			parseUnit(d.text, &u.units[i])
			continue
		}
		// It is of all units of a type or a prefix (service.d, backup-.service.d), or of one that is not there.
		one := index.Unit{Name: d.unit + ".d/" + path.Base(d.path), Path: d.path}
		if parseUnit(d.text, &one); d.stat != nil && len(one.Exec) > 0 && len(u.units) < maxUnits {
			one.Mtime, one.Size = index.Time(d.stat.Mtim.Nano()), d.stat.Size
			u.units = append(u.units, one)
		}
	}
	for i := range u.units {
		slices.Sort(u.units[i].WantedBy)
	}
	u.host.Units = append(u.host.Units, u.units...)
	u.units, u.at, u.wants, u.conf = nil, map[string]int{}, nil, nil
}

// find returns the unit of a name; an instance of a template is the template's.
func (u *unitReader) find(name string) (int, bool) {
	if i, ok := u.at[name]; ok {
		return i, true
	}
	if at := strings.IndexByte(name, '@'); at >= 0 {
		i, ok := u.at[name[:at+1]+path.Ext(name)]
		return i, ok
	}
	return 0, false
}

// startsSomething reports whether units of this name are kept.
func startsSomething(name string) bool {
	switch path.Ext(name) {
	case ".service", ".timer", ".socket", ".path":
		return true
	}
	return false
}

func (u *unitReader) folder(name string) {
	plain, _, err := u.root.resolve(name)
	if err != nil || u.seen[plain] {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			u.fail(u.root.at(name), err)
		}
		return
	}
	u.seen[plain] = true
	f, err := u.root.folder(name)
	if err != nil {
		u.fail(u.root.at(name), err)
		return
	}
	defer f.close()
	for _, e := range f.entries {
		switch entry := e.Name(); {
		case e.IsDir():
			u.beside(name, entry)
		case startsSomething(entry):
			u.unit(f, entry)
		}
	}
}

// unit reads one file. The first of a name is the one that counts.
func (u *unitReader) unit(f *folder, name string) {
	if _, there := u.at[name]; there || len(u.units) >= maxUnits {
		return
	}
	one := index.Unit{Name: name, Path: f.at + "/" + name}
	text, st, err := f.read(name, maxText)
	switch {
	case errors.Is(err, errUnsupported):
		if one.Target, err = f.dir.link(name); err != nil {
			u.fail(one.Path, errUnsupported)
			return
		}
		u.elsewhere(f, name, &one)
	case err != nil && !errors.Is(err, errTooLarge):
		u.fail(one.Path, err)
		return
	default:
		if err != nil {
			u.fail(one.Path, err)
		}
		one.Mtime, one.Size = index.Time(st.Mtim.Nano()), st.Size
		parseUnit(text, &one)
	}
	u.at[name] = len(u.units)
	u.units = append(u.units, one)
}

// elsewhere reads what a link leads to, unless that is a unit of the same folders,
// of which the link is another name.
func (u *unitReader) elsewhere(f *folder, name string, one *index.Unit) {
	plain, st, err := u.root.resolve(f.nameIn(u.root, name))
	if err != nil || !isRegular(st) || u.isFolder(path.Dir(plain)) {
		return // masked, or it leads nowhere
	}
	text, st, err := f.linked(u.root, name, maxText)
	if err != nil {
		u.fail(one.Path, err)
	}
	if st != nil {
		one.Mtime, one.Size = index.Time(st.Mtim.Nano()), st.Size
		parseUnit(text, one)
	}
}

// isFolder reports whether units are looked for in a directory, whose name has no
// links.
func (u *unitReader) isFolder(dir string) bool {
	if u.folders == nil {
		u.folders = map[string]bool{}
		for _, name := range slices.Concat(unitFolders, userUnitFolders) {
			if plain, _, err := u.root.resolve(name); err == nil {
				u.folders[plain] = true
			}
		}
	}
	return u.folders[dir] || u.seen[dir]
}

// beside reads a directory that belongs to a unit: of those that it starts, or
// of drop-ins.
func (u *unitReader) beside(folder, name string) {
	by, wants := strings.CutSuffix(name, ".wants")
	if !wants {
		by, wants = strings.CutSuffix(name, ".requires")
	}
	unit, drops := strings.CutSuffix(name, ".d")
	if !wants && (!drops || !startsSomething("."+unit)) {
		return
	}
	f, err := u.root.folder(folder + "/" + name)
	if err != nil {
		u.fail(u.root.at(folder+"/"+name), err)
		return
	}
	defer f.close()
	for _, e := range f.entries {
		if wants {
			u.wants = append(u.wants, want{e.Name(), by})
			continue
		}
		if !strings.HasSuffix(e.Name(), ".conf") {
			continue
		}
		at := f.at + "/" + e.Name()
		text, st, err := f.linked(u.root, e.Name(), maxText)
		if err != nil && !errors.Is(err, errUnsupported) { // a link to /dev/null takes one away
			u.fail(at, err)
		}
		u.conf = append(u.conf, dropIn{unit, at, text, st})
	}
}

// stamps gives timers the time when they fired last.
func (u *unitReader) stamps() {
	f, err := u.root.folder("var/lib/systemd/timers")
	if err != nil {
		return // no timer needs it
	}
	defer f.close()
	last := map[string]index.Time{}
	for _, e := range f.entries {
		name, ok := strings.CutPrefix(e.Name(), "stamp-")
		var st unix.Stat_t
		if ok && unix.Fstatat(f.dir.fd, e.Name(), &st, unix.AT_SYMLINK_NOFOLLOW) == nil {
			last[name] = index.Time(st.Mtim.Nano())
		}
	}
	for i := range u.host.Units {
		if one := &u.host.Units[i]; last[one.Name] != 0 {
			one.Last = last[one.Name]
		}
	}
}

// parseUnit adds what a unit file or a drop-in says (systemd.syntax(7)): a
// backslash at the end of a line goes on in the next one.
func parseUnit(text string, u *index.Unit) {
	var whole string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if whole == "" && (line == "" || line[0] == '#' || line[0] == ';' || line[0] == '[') {
			continue
		}
		if more, goes := strings.CutSuffix(line, `\`); goes && len(whole) < maxText {
			whole += more + " "
			continue
		}
		unitLine(whole+line, u)
		whole = ""
	}
	if whole != "" {
		unitLine(whole, u)
	}
}

func unitLine(line string, u *index.Unit) {
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !ok || value == "" || len(value) > maxUnitValue {
		return
	}
	keep := func(list *[]string) {
		if len(*list) < maxUnitLines {
			*list = append(*list, key+"="+value)
		}
	}
	switch {
	case strings.HasPrefix(key, "Exec") && key != "ExecSearchPath" && key != "ExecPaths":
		keep(&u.Exec)
	case key == "User":
		u.User = value
	case key == "Unit" || key == "Service" && path.Ext(u.Name) == ".socket":
		u.Starts = value
	case path.Ext(u.Name) == ".timer" && strings.HasPrefix(key, "On"),
		path.Ext(u.Name) == ".socket" && strings.HasPrefix(key, "Listen"),
		path.Ext(u.Name) == ".path" && (strings.HasPrefix(key, "Path") || key == "DirectoryNotEmpty"):
		keep(&u.Schedule)
	}
}
