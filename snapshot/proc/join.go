package proc

import (
	"cmp"
	"fmt"
	"slices"

	"stilltrace/index"
)

// Join gives each socket the processes that hold it, and their container.
// Inode 0 is no inode: such a socket is in TIME_WAIT or not yet accepted, and
// has no owner. What has one and no owner may have been closed since it was
// read: it is an orphan only if it is still there, and if all lists of
// descriptors of its namespace were seen.
func (t *Table) Join(s *SocketTables, owners Owners) {
	orphans := map[uint64]map[string]bool{} // tables, by namespace
	all := t.seesAll()
	for i := range s.Sockets {
		k := &s.Sockets[i]
		if k.Inode == 0 {
			continue
		}
		if k.Owner = owners[k.Inode]; len(k.Owner) > 0 {
			k.Container = t.containers[k.Owner[0].PID]
			continue
		}
		if kernelSocket(k) || t.closed[0] || t.closed[k.NetNS] || !all {
			continue
		}
		if orphans[k.NetNS] == nil {
			orphans[k.NetNS] = map[string]bool{}
		}
		orphans[k.NetNS][k.Proto] = true
	}
	t.namespaces(s)
	t.groups(s)
	if len(orphans) == 0 {
		return
	}
	still := t.stillThere(s, orphans)
	for i := range s.Sockets {
		k := &s.Sockets[i]
		k.Orphan = k.Inode != 0 && len(k.Owner) == 0 && orphans[k.NetNS][k.Proto] && !kernelSocket(k) && still[k.Inode]
	}
}

// seesAll reports whether the procfs lists the processes of the whole machine,
// and not those of one pid namespace, beside which others may live in the same
// network namespace.
func (t *Table) seesAll() bool {
	return t.top.space("self/ns/pid") == initialPIDs || t.top.space("1/ns/pid") == initialPIDs
}

// kernelSocket reports whether k is one that the kernel made for itself and
// says so.
func kernelSocket(k *index.Socket) bool { return k.Proto == "netlink" && k.PortID == 0 }

// namespaces gives the container of the processes of a network namespace to it
// and to those of its sockets that nobody holds.
func (t *Table) namespaces(s *SocketTables) {
	of := map[uint64]string{}
	for i := range s.Spaces {
		one := &s.Spaces[i]
		one.Container = t.netContainer[one.Inode]
		of[one.Inode] = one.Container
	}
	for i := range s.Sockets {
		if k := &s.Sockets[i]; k.Container == "" && len(k.Owner) == 0 && k.NetNS != 0 {
			k.Container = of[k.NetNS]
		}
	}
}

// stillThere reads the tables of the orphans once more, and returns the inodes
// in them. In a copy nothing is closed.
func (t *Table) stillThere(s *SocketTables, orphans map[uint64]map[string]bool) map[uint64]bool {
	still := map[uint64]bool{}
	tree, err := openTree(t.Proc, "/proc")
	if err != nil {
		return still
	}
	defer tree.close()
	quiet := tableReader{tree: tree, options: t.Options, gap: func(index.Gap) {}}
	for i := range s.Spaces {
		one := &s.Spaces[i]
		if one.Mount != "" {
			continue // nobody goes there twice
		}
		if quiet.dir = fmt.Sprintf("%d/net", one.PID); one.PID == 0 {
			quiet.dir, _ = netDirectory(tree, t.Live)
		}
		for proto := range orphans[one.Inode] {
			_ = quiet.table(proto)
		}
	}
	for i := range quiet.sockets {
		still[quiet.sockets[i].Inode] = true
	}
	return still
}

// note keeps of a process what its sockets are told by.
func (t *Table) note(p *index.Process) {
	t.joinSpaces(p)
	t.noteProgram(p)
	for i := range p.Tasks {
		t.leaders[p.Tasks[i].TID] = p.PID
	}
	if t.unified != "" {
		t.cgroupPaths[p.Cgroup] = true
	}
	if p.Container != "" {
		t.containers[p.PID] = p.Container
	}
	if netns := p.Spaces.Net; netns != 0 {
		// A namespace belongs to a container if all who live in it do.
		if was, known := t.netContainer[netns]; !known {
			t.netContainer[netns] = p.Container
		} else if was != p.Container {
			t.netContainer[netns] = ""
		}
	}
	if p.Container == "" {
		return
	}
	i, found := slices.BinarySearchFunc(t.found, p.Container, func(c index.Container, id string) int { return cmp.Compare(c.ID, id) })
	if !found {
		t.found = slices.Insert(t.found, i, index.Container{ID: p.Container, Runtime: runtimeOf(p.Cgroup), PID: p.PID, Cgroup: p.Cgroup, NetNS: p.Spaces.Net})
	}
	t.found[i].Members++
}

// Containers are those that processes were found in, by id.
func (t *Table) Containers() []index.Container { return t.found }
