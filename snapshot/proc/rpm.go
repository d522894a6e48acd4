package proc

import (
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"hash"
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
// programs belong to.
func (h *hostReader) rpm(left *int) {
	for _, name := range []string{"usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite"} {
		f, err := h.root.open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = h.rpmDatabase(f, h.root.at(name), left)
			_ = f.Close()
		}
		if err != nil {
			h.fail(h.root.at(name), err)
		}
		h.noteJournal(name, "the newest packages may stand in this journal, which is not read")
		return
	}
	// Berkeley DB up to 2020, ndb on SUSE.
	for _, name := range []string{"var/lib/rpm/Packages", "usr/lib/sysimage/rpm/Packages.db", "var/lib/rpm/Packages.db"} {
		if _, _, err := h.root.resolve(name); err == nil {
			h.gap(index.Gap{Area: areaHost, Place: h.root.at(name), Reason: index.ReasonUnsupported, Count: 1, Detail: "packages in a database of this kind are not read: rpm -qa, rpm -Va"})
			return
		}
	}
}

func (h *hostReader) rpmDatabase(f *file, at string, left *int) error {
	if f.stat.Size > maxPackageDatabase {
		return errTooLarge
	}
	db, err := openSQLite(f, f.stat.Size, maxPackageHeader)
	if err != nil {
		return err
	}
	wanted, _ := h.wanted()
	named := map[string]bool{}
	for name := range wanted {
		named[path.Base(name)] = true
	}
	over, bad := 0, 0
	err = db.rows("Packages", func(row map[string]any) error {
		if h.late() {
			return errLate
		}
		blob, _ := row["blob"].([]byte)
		header, ok := openRPMHeader(blob)
		one := header.pkg()
		switch {
		case !ok || one.Name == "":
			bad++
		case len(h.host.Packages) == maxPackages:
			over++
		default:
			h.host.Packages = append(h.host.Packages, one)
			for _, listed := range header.files(named) {
				h.ownedByRPM(one.Name, listed, wanted, left)
			}
		}
		return nil
	})
	if bad > 0 {
		h.gap(index.Gap{Area: areaHost, Place: at, Reason: index.ReasonTorn, Detail: "headers of packages that end too early", Count: bad})
	}
	if over > 0 {
		h.gap(index.Gap{Area: areaHost, Place: at, Reason: index.ReasonTooLarge, Detail: errTooLarge.Error(), Count: over})
	}
	return err
}

// ownedByRPM notes the package of a program, and compares the program with what
// the package brought. Whether nothing touched it since cannot be told without:
// rpm notes the time before it unpacks.
func (h *hostReader) ownedByRPM(name string, listed rpmFile, wanted map[string][]wantedProgram, left *int) {
	for _, w := range wanted[listed.path] {
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
			h.compare(w.Program, 0, sum, listed.digest, left)
		}
	}
}
