package proc

import (
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// noteProgram keeps which file of the host a process runs.
func (t *Table) noteProgram(p *index.Process) {
	if p.Exe == "" || p.Exe[0] != '/' || strings.HasPrefix(p.Exe, "/memfd:") || p.Container != "" {
		return
	}
	now := program{p.ExeFile, p.ExeSHA256, p.ExeGone, t.ownMounts != 0 && p.Spaces.Mnt != t.ownMounts}
	if was, known := t.programs[p.Exe]; !known && len(t.programs) < maxPrograms || known && now.doubts() < was.doubts() {
		t.programs[p.Exe] = now
	}
}

// program is what runs under the name of a file, whether the name is gone, and
// whether it was found in a mount namespace other than the host's: services of
// systemd have their own (PrivateTmp=), and the programs of the host in it.
type program struct {
	file            *index.FileIdentity
	sum             string // its SHA-256, "" where it was not hashed
	gone, elsewhere bool
}

// doubts is how doubtful it is that the name means this file on the host.
func (p program) doubts() (n int) {
	if p.elsewhere {
		n += 2
	}
	if p.gone {
		n++
	}
	return n
}

// Programs are the files of the host that were found running, by path.
func (t *Table) Programs() []index.Program {
	var all []index.Program
	for _, path := range slices.Sorted(maps.Keys(t.programs)) {
		now := t.programs[path]
		one := index.Program{Path: path, Runs: now.file, Sum: now.sum, Elsewhere: now.elsewhere}
		if f := one.Runs; f != nil {
			one.Device, one.Inode = f.Device, f.Inode
		}
		all = append(all, one)
	}
	return all
}

// isHosts reports whether a program that was found among other mounts is the
// file that its name means on the host.
func (h *hostReader) isHosts(p *index.Program) bool {
	f, err := h.root.open(strings.TrimPrefix(p.Path, "/"))
	if err != nil {
		return false
	}
	defer f.Close()
	return sameFile(p.Runs, &f.stat)
}

func sameFile(one *index.FileIdentity, st *unix.Stat_t) bool {
	now := identityOf(st)
	return one != nil && one.Device == now.Device && one.Inode == now.Inode
}

// compare compares the file of a program with the digest of its package. It
// reads the file unless the digest of what runs is the same kind of digest, or
// nothing has touched it since the package was unpacked, 0 where that is not
// known: the kernel keeps that time of a file, and nobody sets it but by the clock.
func (h *hostReader) compare(p *index.Program, unpacked int64, sum hash.Hash, digest string, left *int) {
	f, err := h.root.open(strings.TrimPrefix(p.Path, "/"))
	if err != nil {
		return // it was deleted or replaced since
	}
	defer f.Close()
	if p.Runs != nil && !sameFile(p.Runs, &f.stat) {
		return // what runs is another file, that had this name before
	}
	now := p.Sum
	switch {
	case unpacked > 0 && f.stat.Ctim.Nano() <= unpacked:
		p.Verified = index.VerifiedUntouched
		return
	case h.NoHash:
		return
	case len(now) == len(digest) && sameContent(p.Runs, &f.stat):
	case f.stat.Size > int64(*left):
		h.fail(p.Path, errTooLarge)
		return
	default:
		*left -= int(f.stat.Size)
		if n, err := io.Copy(sum, io.LimitReader(f, f.stat.Size)); err != nil || n != f.stat.Size {
			h.fail(p.Path, errors.Join(err, errChanged))
			return
		}
		now = hex.EncodeToString(sum.Sum(nil))
	}
	if p.Verified = index.VerifiedDiffers; now == digest {
		p.Verified = index.VerifiedSame
	}
}

// sameContent reports whether nobody wrote to a file since it was hashed.
func sameContent(one *index.FileIdentity, st *unix.Stat_t) bool {
	now := identityOf(st)
	return one != nil && one.Size == now.Size && one.Mtime == now.Mtime && one.Ctime == now.Ctime
}
