package proc

import (
	"bytes"
	"crypto/md5"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

const dpkgDir = "var/lib/dpkg"

const (
	// maxPackageText is ten times the status of a host with all that a desktop has.
	maxPackageText = 64 << 20
	// maxVerified bounds what is read to compare programs with their packages: a tenth of a second of work.
	maxVerified = 64 << 20
	// maxPrograms is how many programs are looked for, and maxPackages how many packages are kept.
	maxPrograms, maxPackages = 4096, 10_000
)

// packages reads which packages are installed, and which of them the programs
// belong to.
func (h *hostReader) packages() {
	h.host.Programs = slices.DeleteFunc(h.host.Programs, func(p index.Program) bool { return p.Elsewhere && !h.isHosts(&p) })
	left := maxVerified
	h.dpkg(&left)
	h.rpm(&left)
}

func (h *hostReader) dpkg(left *int) {
	status, err := h.root.read(dpkgDir+"/status", maxPackageText)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		h.fail(h.root.at(dpkgDir+"/status"), err)
	}
	var over int
	h.host.Packages, over = parsePackages(status)
	if over > 0 {
		h.gap(index.Gap{Area: areaHost, Place: h.root.at(dpkgDir + "/status"), Reason: index.ReasonTooLarge, Detail: errTooLarge.Error(), Count: over})
	}
	h.ownPrograms(left)
}

// parsePackages reads the paragraphs of status (deb-control(5)), and how many
// of them were beyond the limit.
func parsePackages(text []byte) (all []index.Package, over int) {
	var one index.Package
	end := func() {
		switch {
		case one.Name == "":
		case len(all) == maxPackages:
			over++
		default:
			all = append(all, one)
		}
		one = index.Package{}
	}
	for line := range bytes.Lines(text) {
		if line[0] == '\n' {
			end()
			continue
		}
		// Most lines are of a description; those begin with a blank.
		to, skip := (*string)(nil), 0
		switch line[0] {
		case 'P':
			to, skip = &one.Name, len("Package: ")
		case 'V':
			to, skip = &one.Version, len("Version: ")
		case 'A':
			to, skip = &one.Arch, len("Architecture: ")
		case 'S':
			to, skip = &one.State, len("Status: ")
		}
		if to == nil || len(line) <= skip || len(line) > maxName {
			continue
		}
		switch string(line[:skip]) {
		case "Package: ", "Version: ", "Architecture: ":
			*to = strings.TrimSpace(string(line[skip:]))
		case "Status: ":
			if *to = strings.TrimSpace(string(line[skip:])); *to == "install ok installed" {
				*to = ""
			}
		}
	}
	end()
	return all, over
}

// wantedProgram is a program that is looked for under a name in the lists.
type wantedProgram struct {
	*index.Program
	only, not string // package that alone counts, or does not (dpkg-divert(1))
}

// ownPrograms finds the packages of the programs.
func (h *hostReader) ownPrograms(left *int) {
	wanted, missing := h.wanted()
	if missing == 0 {
		return
	}
	f := h.list(dpkgDir + "/info")
	if f == nil {
		return
	}
	defer f.close()
	f.opened = nil // dpkg's own lists start nothing
	var lengths [maxLinkText + 1]bool
	named := map[string]bool{}
	for name := range wanted {
		lengths[min(len(name), maxLinkText)] = true
		named[path.Base(name)] = true
	}
	for _, e := range likelyFirst(f.entries, named) {
		if missing == 0 {
			return
		}
		name := strings.TrimSuffix(e.Name(), ".list")
		if h.late() {
			h.fail(f.at, errLate)
			return
		}
		found := map[string]*index.Program{}
		err := f.lines(e, maxPackageText, func(line []byte) bool {
			if !lengths[min(len(line), maxLinkText)] {
				return true
			}
			for _, w := range wanted[string(line)] {
				plain, _, _ := strings.Cut(name, ":")
				if w.Package == "" && w.not != plain && (w.only == "" || w.only == plain) {
					w.Package = name
					found[string(line)] = w.Program
					missing--
				}
			}
			return missing > 0
		})
		if err != nil {
			h.fail(f.at+"/"+e.Name(), err)
		}
		for _, listed := range slices.Sorted(maps.Keys(found)) {
			h.verify(f, name, listed, found[listed], left)
		}
	}
}

// likelyFirst are the lists of packages: first of those that have the name of a
// program, and last of those that hardly ever bring one, which are more than half
// of all and are read only where something was not found before.
func likelyFirst(entries []entry, programs map[string]bool) []entry {
	var ranks [3][]entry
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".list")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, ":")
		rank := 1
		switch {
		case programs[name]:
			rank = 0
		case seldomRun(name):
			rank = 2
		}
		ranks[rank] = append(ranks[rank], e)
	}
	return slices.Concat(ranks[:]...)
}

// seldomRun reports whether a package is one that hardly ever brings programs, by
// its name.
func seldomRun(name string) bool {
	for _, prefix := range []string{"lib", "fonts-", "python3-", "ruby-", "golang-", "node-", "linux-headers", "r-cran-", "gir1", "php-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	for _, suffix := range []string{"-dev", "-doc", "-data", "-common", "-dbg", "-dbgsym", "-l10n"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// wanted are the programs by the names under which packages may list them: what
// lies in /usr/bin today may be listed in /bin, which was a directory once. What
// no package brings is not looked for.
func (h *hostReader) wanted() (wanted map[string][]wantedProgram, count int) {
	wanted = map[string][]wantedProgram{}
	diverted := parseDiversions(h.maybe(dpkgDir + "/diversions"))
	for i := range h.host.Programs {
		p := &h.host.Programs[i]
		rest, usr := strings.CutPrefix(p.Path, "/usr/")
		names := []string{p.Path}
		switch top, _, _ := strings.Cut(strings.TrimPrefix(p.Path, "/"), "/"); {
		case strings.HasPrefix(rest, "local/") && usr:
			continue
		case usr:
			names = append(names, "/"+rest)
		case top == "bin", top == "sbin", strings.HasPrefix(top, "lib"):
			names = append(names, "/usr"+p.Path)
		case top != "opt" && top != "etc" && top != "var":
			continue
		}
		count++
		for _, name := range names {
			w := wantedProgram{Program: p}
			for _, d := range diverted {
				switch name {
				case d.from:
					w.only = d.by
				case d.to:
					w.not, name = d.by, d.from
				}
			}
			wanted[name] = append(wanted[name], w)
		}
	}
	return wanted, count
}

// diversion: what packages other than by list as from lies at to.
type diversion struct{ from, to, by string }

// parseDiversions reads the database of dpkg-divert(1): three lines each.
func parseDiversions(text []byte) (all []diversion) {
	lines := strings.Split(string(text), "\n")
	for i := 0; i+2 < len(lines) && len(all) < maxKeyFiles; i += 3 {
		all = append(all, diversion{lines[i], lines[i+1], lines[i+2]})
	}
	return all
}

// verify compares the file of a program with the digest of its package.
func (h *hostReader) verify(info *folder, name, listed string, p *index.Program, left *int) {
	err := info.lines(entry{name + ".md5sums", unix.S_IFREG}, maxPackageText, func(line []byte) bool {
		p.MD5 = md5Of(line, strings.TrimPrefix(listed, "/"))
		return p.MD5 == ""
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.fail(info.at+"/"+name+".md5sums", err)
	}
	var unpacked unix.Stat_t
	if p.MD5 != "" && unix.Fstatat(info.dir.fd, name+".list", &unpacked, unix.AT_SYMLINK_NOFOLLOW) == nil {
		h.compare(p, unpacked.Ctim.Nano(), md5.New(), p.MD5, left)
	}
}

// md5Of is the digest in a line of md5sums if it is that of the file, else "":
//
//	7210080490f9fd139c1b44fa0f730988  bin/bash
func md5Of(line []byte, name string) string {
	const digits = 2 * md5.Size
	if len(line) > digits+2 && string(line[digits+2:]) == name && isHex(string(line[:digits])) {
		return string(line[:digits])
	}
	return ""
}
