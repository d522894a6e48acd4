package proc

import (
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"path"

	"stilltrace/index"
)

const (
	// maxPackageDatabase is ten times the database of a host with two thousand packages.
	maxPackageDatabase = 1 << 30
	// maxPackageHeader bounds the header of one package: four times that of a package of thirty thousand files.
	maxPackageHeader = 16 << 20
)

// rpm reads which packages are installed by rpm(8), and which of them the
// programs belong to, from the newest of its databases.
func (h *hostReader) rpm(left *int) {
	for _, one := range [...]struct {
		name string
		read func(f io.ReaderAt, size int64, each func(header []byte) error) error
	}{
		{"usr/lib/sysimage/rpm/rpmdb.sqlite", sqliteHeaders}, {"var/lib/rpm/rpmdb.sqlite", sqliteHeaders},
		{"var/lib/rpm/Packages", bdbHeaders},
	} {
		f, err := h.root.open(one.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		at := h.root.at(one.name)
		if err == nil && f.stat.Size > maxPackageDatabase {
			err = errTooLarge
		}
		if err == nil {
			r := rpmReader{hostReader: h, at: at, left: left}
			r.wanted, _ = h.wanted()
			r.named = map[string]bool{}
			for name := range r.wanted {
				r.named[path.Base(name)] = true
			}
			err = one.read(f, f.stat.Size, r.header)
			r.gaps()
		}
		if f != nil {
			_ = f.Close()
		}
		if err != nil {
			h.fail(at, err)
		}
		h.noteJournal(one.name, "the newest packages may stand in this journal, which is not read")
		return
	}
	for _, name := range []string{"usr/lib/sysimage/rpm/Packages.db", "var/lib/rpm/Packages.db"} { // ndb, which SUSE has
		if _, _, err := h.root.resolve(name); err == nil {
			h.gap(index.Gap{Area: areaHost, Place: h.root.at(name), Reason: index.ReasonUnsupported, Count: 1, Detail: "packages in a database of this kind are not read: rpm -qa, rpm -Va"})
			return
		}
	}
}

// rpmReader takes in the headers of a database.
type rpmReader struct {
	*hostReader
	at        string
	wanted    map[string][]wantedProgram
	named     map[string]bool // the last parts of what is wanted
	left      *int
	over, bad int
}

func (r *rpmReader) header(b []byte) error {
	if r.late() {
		return errLate
	}
	header, ok := openRPMHeader(b)
	one := header.pkg()
	switch {
	case !ok || one.Name == "":
		r.bad++
	case len(r.host.Packages) == maxPackages:
		r.over++
	default:
		r.host.Packages = append(r.host.Packages, one)
		for _, listed := range header.files(r.named) {
			r.owned(one.Name, listed)
		}
	}
	return nil
}

func (r *rpmReader) gaps() {
	if r.bad > 0 {
		r.gap(index.Gap{Area: areaHost, Place: r.at, Reason: index.ReasonTorn, Detail: "headers of packages that end too early", Count: r.bad})
	}
	if r.over > 0 {
		r.gap(index.Gap{Area: areaHost, Place: r.at, Reason: index.ReasonTooLarge, Detail: errTooLarge.Error(), Count: r.over})
	}
}

// owned notes the package of a program, and compares the program with what
// the package brought. Whether nothing touched it since cannot be told without:
// rpm notes the time before it unpacks.
func (r *rpmReader) owned(name string, listed rpmFile) {
	for _, w := range r.wanted[listed.path] {
		if w.Package != "" {
			continue
		}
		w.Package = name
		var sum hash.Hash
		switch {
		case !isHex(listed.digest):
		case len(listed.digest) == 2*md5.Size:
			w.MD5, sum = listed.digest, md5.New()
		case len(listed.digest) == 2*sha256.Size:
			w.SHA256, sum = listed.digest, sha256.New()
		}
		if sum != nil {
			r.compare(w.Program, 0, sum, listed.digest, r.left)
		}
	}
}
