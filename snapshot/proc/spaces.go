package proc

import (
	"time"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// kept are the file systems that hold data, by their types; the others are
// the kernel's own, or of the packager (squashfs) and always full.
var holdsData = map[string]bool{
	"ext2": true, "ext3": true, "ext4": true, "xfs": true, "btrfs": true, "f2fs": true, "zfs": true, "bcachefs": true, "jfs": true, "reiserfs": true,
	"vfat": true, "exfat": true, "ntfs": true, "ntfs3": true, "fuseblk": true, "tmpfs": true, "overlay": true,
	"nfs": true, "nfs4": true, "cifs": true, "smb3": true, "ceph": true, "fuse.glusterfs": true, "fuse.sshfs": true, "9p": true, "virtiofs": true,
}

const (
	// spacePatience is how long a file system may take to say how full it is, and maxDead how many may take longer before the rest is left out.
	spacePatience, maxDead = time.Second, 4
)

// spaces asks each file system that holds data how full it is (statfs(2)). The
// server of one may be gone, and the question can then not be called off.
func (h *hostReader) spaces() {
	if !h.live {
		return
	}
	type answer struct {
		st  unix.Statfs_t
		err error
	}
	dead := 0
	asked := map[string]bool{}
	for _, m := range h.host.Mounts {
		if !holdsData[m.Type] || asked[m.Device] && m.Type != "overlay" || len(h.host.Spaces) >= maxSpaces {
			continue
		}
		asked[m.Device] = true
		if dead == maxDead || h.late() {
			h.gap(index.Gap{Area: areaHost, Place: m.Point, Reason: index.ReasonBlocked, Detail: "not asked how full it is: too many file systems did not answer", Count: 1})
			continue
		}
		got := make(chan answer, 1)
		go func() {
			var a answer
			a.err = unix.Statfs(m.Point, &a.st)
			got <- a
		}()
		select {
		case a := <-got:
			if a.err != nil {
				h.fail(m.Point, a.err)
				continue
			}
			block := uint64(a.st.Frsize)
			h.host.Spaces = append(h.host.Spaces, index.Space{Point: m.Point, Size: a.st.Blocks * block, Free: a.st.Bfree * block, Available: a.st.Bavail * block, Files: a.st.Files, FilesFree: a.st.Ffree})
		case <-time.After(spacePatience):
			dead++
			h.gap(index.Gap{Area: areaHost, Place: m.Point, Reason: index.ReasonBlocked, Detail: "the file system does not say how full it is", Count: 1})
		}
	}
}
