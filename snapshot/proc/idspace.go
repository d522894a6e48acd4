package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"stilltrace/index"
)

// What a namespace of mounts, users or time says of itself is the same in each
// process that lives in it, so it is read once, through the first of them that
// still lives. A network namespace is read with its sockets.

// spaceMembers are the first processes of each such namespace, by kind and
// inode, in the order in which they were taken in.
type spaceMembers map[string]map[uint64][]int

// maxMembers is how many processes of a namespace are tried.
const maxMembers = 8

// joinSpaces notes where a process lives.
func (t *Table) joinSpaces(p *index.Process) {
	for _, one := range [...]struct {
		kind  string
		inode uint64
	}{{"mnt", p.Spaces.Mnt}, {"user", p.Spaces.User}, {"time", p.Spaces.Time}} {
		if one.inode == 0 {
			continue
		}
		of := t.members[one.kind]
		if pids := of[one.inode]; len(pids) < maxMembers && (pids != nil || len(of) < maxEntries) {
			of[one.inode] = append(pids, p.PID)
		}
	}
}

// DescribeSpaces reads the mounts of every mount namespace but the one that
// host.Mounts is of, whose ids the users of each user namespace are, and by how
// much the clocks of time namespaces differ.
func (t *Table) DescribeSpaces(host *index.Host) {
	room := maxEntries
	t.eachSpace("mnt", func(inode uint64, pid int, d dir) error {
		if inode == t.ownMounts {
			return nil
		}
		one := index.MountSpace{Inode: inode, PID: pid}
		data, err := d.read("mountinfo", maxMountinfo)
		if err != nil && !errors.Is(err, errTooLarge) {
			return err
		}
		h := hostReader{gap: t.gap}
		one.Mounts = each(&h, fmt.Sprintf("/proc/%d/mountinfo", pid), data, parseMount)
		if len(one.Mounts) > room {
			one.Mounts, err = one.Mounts[:room], errTooLarge
		}
		if room -= len(one.Mounts); len(one.Mounts) > 0 {
			host.MountSpaces = append(host.MountSpaces, one)
		}
		return err
	})
	t.eachSpace("user", func(inode uint64, pid int, d dir) error {
		one := index.UserSpace{Inode: inode, PID: pid}
		var err error
		if one.Users, err = readIDs(d, "uid_map"); err == nil {
			one.Groups, err = readIDs(d, "gid_map")
		}
		if err == nil && !(isIdentity(one.Users) && isIdentity(one.Groups)) {
			host.UserSpaces = append(host.UserSpaces, one)
		}
		return err
	})
	t.eachSpace("time", func(inode uint64, pid int, d dir) error {
		data, err := d.read("timens_offsets", maxText)
		if err != nil {
			return err
		}
		one := index.TimeSpace{Inode: inode, PID: pid}
		if one.MonotonicNS, one.BoottimeNS, err = parseTimeOffsets(data); err == nil && (one.MonotonicNS != 0 || one.BoottimeNS != 0) {
			host.TimeSpaces = append(host.TimeSpaces, one)
		}
		return err
	})
}

// eachSpace calls read with a process of each namespace of a kind, by inode,
// until one of them lived long enough.
func (t *Table) eachSpace(kind string, read func(inode uint64, pid int, d dir) error) {
	first := t.top.space("1/ns/" + kind)
	for _, inode := range slices.Sorted(maps.Keys(t.members[kind])) {
		var err error
		for _, pid := range t.members[kind][inode] {
			if t.late() {
				t.gap(index.Gap{Area: areaHost, Place: "/proc/PID/ns/" + kind, Reason: index.ReasonDeadline, Detail: errLate.Error(), Count: 1})
				return
			}
			if err = t.inDir(pid, kind, inode, read); err == nil {
				break
			}
			if reason, _ := explain(err); reason != index.ReasonVanished {
				break
			}
		}
		switch {
		case err == nil:
		case !t.Live && errors.Is(err, fs.ErrNotExist) && inode == first:
			// A copy seldom has these files, and of the namespace of pid 1 they would say nothing.
		default:
			t.gap(absentGap(areaHost, fmt.Sprintf("/proc/PID/ns/%s:[%d]", kind, inode), err))
		}
	}
}

// inDir reads within the directory of a process that still lives in the
// namespace.
func (t *Table) inDir(pid int, kind string, inode uint64, read func(inode uint64, pid int, d dir) error) error {
	d, err := t.top.open(strconv.Itoa(pid))
	if err != nil {
		return err
	}
	defer d.close()
	if d.space("ns/"+kind) != inode {
		return fs.ErrNotExist
	}
	return read(inode, pid, d)
}

func readIDs(d dir, name string) ([]index.IDRange, error) {
	data, err := d.read(name, maxText)
	if err != nil {
		return nil, err
	}
	return parseIDs(data)
}

// parseIDs reads uid_map or gid_map (user_namespaces(7)), of which the kernel
// keeps at most 340 lines:
//
//	0     100000      65536
func parseIDs(data []byte) ([]index.IDRange, error) {
	var all []index.IDRange
	for line := range bytes.Lines(data) {
		f := bytes.Fields(line)
		if len(f) != 3 || len(all) == maxIDRanges {
			return nil, torn("line %.60q", line)
		}
		n := numbers{}
		one := index.IDRange{Inside: uint32(n.decimal(f[0], 32)), Outside: uint32(n.decimal(f[1], 32)), Count: uint32(n.decimal(f[2], 32))}
		if n.err != nil {
			return nil, n.err
		}
		all = append(all, one)
	}
	return all, nil
}

const maxIDRanges = 340

// isIdentity reports whether every id means itself.
func isIdentity(ids []index.IDRange) bool {
	return len(ids) == 1 && ids[0] == index.IDRange{Count: unset}
}

// parseTimeOffsets reads timens_offsets (time_namespaces(7)): the name of a
// clock, seconds and nanoseconds.
//
//	monotonic      172800         0
//	boottime      -604800         5
func parseTimeOffsets(data []byte) (monotonic, boottime int64, err error) {
	for line := range bytes.Lines(data) {
		f := bytes.Fields(line)
		if len(f) != 3 {
			return 0, 0, torn("line %.60q", line)
		}
		seconds, err1 := strconv.ParseInt(string(f[1]), 10, 64)
		nanos, err2 := strconv.ParseInt(string(f[2]), 10, 32)
		// The kernel refuses an offset that leaves the range of its own clocks (proc_timens_set_offset).
		const most = 1 << 33
		if err1 != nil || err2 != nil || seconds > most || seconds < -most || nanos < 0 || nanos >= 1e9 {
			return 0, 0, torn("line %.60q", line)
		}
		switch offset := seconds*1e9 + nanos; string(f[0]) {
		case "monotonic":
			monotonic = offset
		case "boottime":
			boottime = offset
		}
	}
	return monotonic, boottime, nil
}
