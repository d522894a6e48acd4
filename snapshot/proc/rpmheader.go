package proc

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"stilltrace/index"
)

// The tags of a header that are read, and the types of their values
// (https://rpm-software-management.github.io/rpm/manual/tags.html).
const (
	rpmName, rpmVersion, rpmRelease, rpmEpoch        = 1000, 1001, 1002, 1003
	rpmInstallTime, rpmArch                          = 1008, 1022
	rpmDigests, rpmDirIndexes, rpmBaseNames, rpmDirs = 1035, 1116, 1117, 1118

	rpmInt32, rpmString, rpmStrings = 4, 6, 8
)

// rpmHeader is the header of a package as its database has it: how many entries
// and how many bytes of values, the entries of 16 bytes, the values
// (https://rpm-software-management.github.io/rpm/manual/format_header.html).
type rpmHeader struct{ entries, values []byte }

func openRPMHeader(b []byte) (h rpmHeader, ok bool) {
	if len(b) < 8 {
		return h, false
	}
	entries, size := uint64(binary.BigEndian.Uint32(b))*16, uint64(binary.BigEndian.Uint32(b[4:]))
	if b = b[8:]; entries+size > uint64(len(b)) {
		return h, false
	}
	return rpmHeader{b[:entries], b[entries : entries+size]}, true
}

// find returns how many values a tag has and where they begin; 0 where it has
// none of that type.
func (h rpmHeader) find(tag, kind uint32) (count int, values []byte) {
	for e := h.entries; len(e) > 0; e = e[16:] {
		if binary.BigEndian.Uint32(e) != tag || binary.BigEndian.Uint32(e[4:]) != kind {
			continue
		}
		from, n := uint64(binary.BigEndian.Uint32(e[8:])), uint64(binary.BigEndian.Uint32(e[12:]))
		if from > uint64(len(h.values)) || n > uint64(len(h.values)) {
			return 0, nil
		}
		return int(n), h.values[from:]
	}
	return 0, nil
}

func (h rpmHeader) text(tag uint32) string {
	n, b := h.find(tag, rpmString)
	if end := bytes.IndexByte(b, 0); n > 0 && end >= 0 && end <= maxName {
		return string(b[:end])
	}
	return ""
}

// numbers are the values of a tag, big-endian, of four bytes each.
func (h rpmHeader) numbers(tag uint32) []byte {
	n, b := h.find(tag, rpmInt32)
	if 4*n > len(b) {
		return nil
	}
	return b[:4*n]
}

// texts calls each with the texts of a tag until it returns false.
func (h rpmHeader) texts(tag uint32, each func(i int, text []byte) bool) {
	n, b := h.find(tag, rpmStrings)
	for i := range n {
		end := bytes.IndexByte(b, 0)
		if end < 0 || !each(i, b[:end]) {
			return
		}
		b = b[end+1:]
	}
}

// pkg is the package, its version as rpm -q writes it: epoch:version-release.
func (h rpmHeader) pkg() index.Package {
	one := index.Package{Name: h.text(rpmName), Version: h.text(rpmVersion), Arch: h.text(rpmArch)}
	if release := h.text(rpmRelease); release != "" {
		one.Version += "-" + release
	}
	if n := h.numbers(rpmEpoch); len(n) > 0 {
		one.Version = strconv.FormatUint(uint64(binary.BigEndian.Uint32(n)), 10) + ":" + one.Version
	}
	if n := h.numbers(rpmInstallTime); len(n) > 0 {
		one.Installed = index.Time(int64(binary.BigEndian.Uint32(n)) * 1e9)
	}
	return one
}

// rpmFile is a file of a package, and the digest of its content, in hex; the
// kind is told by its length.
type rpmFile struct{ path, digest string }

// files are the files of the package whose last part is one of the names.
func (h rpmHeader) files(named map[string]bool) []rpmFile {
	var all []rpmFile
	places := map[int]int{} // of a file in all, by its number in the package
	dirs, in := [][]byte(nil), h.numbers(rpmDirIndexes)
	h.texts(rpmBaseNames, func(i int, base []byte) bool {
		if !named[string(base)] {
			return true
		}
		if dirs == nil {
			h.texts(rpmDirs, func(_ int, dir []byte) bool { dirs = append(dirs, dir); return true })
		}
		if 4*i+4 > len(in) || len(all) == maxPrograms {
			return false
		}
		if d := binary.BigEndian.Uint32(in[4*i:]); uint64(d) < uint64(len(dirs)) {
			places[i] = len(all)
			all = append(all, rpmFile{path: string(dirs[d]) + string(base)})
		}
		return true
	})
	last := len(all)
	if last == 0 {
		return nil
	}
	h.texts(rpmDigests, func(i int, digest []byte) bool {
		if at, ok := places[i]; ok {
			all[at].digest = string(digest)
			last--
		}
		return last > 0
	})
	return all
}
