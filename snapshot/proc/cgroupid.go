package proc

import (
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// unifiedMount is where the control groups of version 2 are mounted as a whole,
// "" where they are not.
func unifiedMount(mounts []index.Mount) string {
	for _, m := range mounts {
		if m.Type == "cgroup2" && m.Root == "/" {
			return m.Point
		}
	}
	return ""
}

// groups gives the sockets whose control group the kernel numbered its path.
// Only groups of which a process was seen are asked for, one by one: the file
// system of the groups answers at once.
func (t *Table) groups(s *SocketTables) {
	var paths map[uint64]string
	for i := range s.Sockets {
		k := &s.Sockets[i]
		if k.CgroupID == 0 || t.unified == "" {
			continue
		}
		if paths == nil {
			paths = cgroupIDs(t.unified, t.cgroupPaths)
		}
		k.Cgroup = paths[k.CgroupID]
	}
}

// cgroupIDs are the paths of groups by their number, which is the inode of their
// directory; the first group is always among them.
func cgroupIDs(mount string, paths map[string]bool) map[uint64]string {
	ids := map[uint64]string{}
	ask := func(path string) {
		var st unix.Stat_t
		if err := unix.Stat(mount+path, &st); err == nil {
			ids[st.Ino] = path
		}
	}
	ask("/")
	for path := range paths {
		// Groups outside of the namespace of whoever reads are written with ".." (cgroup_namespaces(7)).
		if path != "" && path != "/" && !strings.Contains(path, "/..") {
			ask(path)
		}
	}
	return ids
}
