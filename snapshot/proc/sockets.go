package proc

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"stilltrace/index"
)

// SocketTables are the sockets of all network namespaces that were found, and
// what was found of these. Sockets come by namespace, the capture's own first
// and the others by their inode, and by table, without their owners: see
// JoinOwners.
type SocketTables struct {
	Sockets []index.Socket
	Spaces  []index.NetSpace // by inode
	Gaps    []index.Gap
}

// ReadSockets reads the socket tables of the network namespace of the capture,
// and those of every other one in which a process of the first look lives,
// each once, through /proc/PID/net of one of its processes, and on a live host
// those without processes that a mount keeps. On a live host its
// own is that of the capture, in another tree that of pid 1, else of whoever
// the tree's net or self stands for. Sockets live shorter than processes, so
// they are read first.
//
// The error is that ctx ended; then the sockets read so far are returned with
// it.
func (t *Table) ReadSockets(ctx context.Context) (*SocketTables, error) {
	out := &SocketTables{}
	gap := func(g index.Gap) { out.Gaps = append(out.Gaps, g) }
	tree, err := openTree(t.Proc, "/proc")
	if err != nil {
		return out, fmt.Errorf("%s: %w", t.Proc, err)
	}
	defer tree.close()
	dir, own := netDirectory(tree, t.Live)
	r := tableReader{tree: tree, options: t.Options, gap: gap, filters: t.hasNFTables(tree)}
	members := t.netMembers(tree)
	r.left = len(members)
	err = r.space(ctx, dir, "/proc/net", own, 0)
	for _, netns := range slices.Sorted(maps.Keys(members)) {
		if netns == own && own != 0 || err != nil {
			continue
		}
		err = r.spaceOf(ctx, netns, members[netns])
	}
	if err == nil {
		err = r.mounted(ctx, t.mountedSpaces(tree, func(netns uint64) bool { return netns == own || members[netns] != nil }))
	}
	if n := t.deniedNets; n > 0 {
		gap(index.Gap{Area: areaSocket, Place: "/proc/PID/ns/net", Reason: index.ReasonPermission, Count: n,
			Detail: "processes whose network namespace is not known: if they live in others, the sockets of these are missing"})
	}
	out.Sockets, out.Spaces = r.sockets, r.spaces
	for i := range out.Spaces {
		out.Spaces[i].Processes = len(members[out.Spaces[i].Inode])
	}
	slices.SortFunc(out.Spaces, func(a, b index.NetSpace) int { return cmp.Compare(a.Inode, b.Inode) })
	return out, err
}

// netMembers are the pids that live in each network namespace, ascending.
func (t *Table) netMembers(tree *tree) map[uint64][]int {
	members := map[uint64][]int{}
	for i := range t.glimpses {
		g := &t.glimpses[i]
		netns := g.netns
		if !t.Live {
			netns = netInode(tree, fmt.Sprintf("%d/ns/net", g.pid))
		}
		if netns != 0 {
			members[netns] = append(members[netns], g.pid)
		}
	}
	return members
}

// spaceOf reads a namespace through the first of its processes that still
// lives. Of a copy it may be that none has its tables with it.
func (r *tableReader) spaceOf(ctx context.Context, netns uint64, pids []int) error {
	const tries = 8
	for i, pid := range pids {
		dir := fmt.Sprintf("%d/net", pid)
		if !hasTable(r.tree, dir) || r.options.Live && netInode(r.tree, fmt.Sprintf("%d/ns/net", pid)) != netns {
			if i == tries {
				break
			}
			continue
		}
		return r.space(ctx, dir, "/proc/"+dir, netns, pid)
	}
	reason, detail := index.ReasonVanished, "its processes ended before its sockets could be read"
	if !r.options.Live {
		reason, detail = index.ReasonAbsent, "the copy has the socket tables of none of its processes"
	}
	r.gap(index.Gap{Area: areaSocket, Place: fmt.Sprintf("/proc/%d/net", pids[0]), Reason: reason, Detail: detail, Count: 1})
	return nil
}

// space reads one namespace, through pid where it is not the reader's own.
func (r *tableReader) space(ctx context.Context, dir, place string, netns uint64, pid int) error {
	r.dir, r.place = dir, place
	r.left = max(r.left-1, 0)
	from := len(r.sockets)
	var missing []string
	none := r.emptyTables()
	a := r.openAskers(pid)
	defer a.close()
	monitor := a.monitor
	if monitor >= 0 {
		if !(none["tcp"] && none["tcp6"]) && r.askTCP(monitor) {
			none["tcp"], none["tcp6"] = true, true
		}
	}
	for _, proto := range protocols {
		if none[proto] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", r.options.Proc, err)
		}
		if r.options.late() {
			r.gap(index.Gap{Area: areaSocket, Place: place + "/" + proto, Reason: index.ReasonDeadline, Count: 1})
			break
		}
		if err := r.table(proto); err != nil {
			if !slices.Contains(usual, proto) && errors.Is(err, fs.ErrNotExist) {
				if !slices.Contains(seldom, proto) {
					missing = append(missing, proto)
				}
				continue
			}
			r.gap(absentGap(areaSocket, place+"/"+proto, err))
		}
	}
	// A running kernel without such a table has no such sockets; a copy may have left them out.
	if len(missing) > 0 && !r.options.Live {
		r.gap(index.Gap{Area: areaSocket, Place: place, Reason: index.ReasonAbsent, Detail: "the copy lacks the tables " + strings.Join(missing, ", "), Count: 1})
	}
	for i := from; i < len(r.sockets); i++ {
		r.sockets[i].NetNS = netns
	}
	if monitor >= 0 {
		r.askUnix(monitor, r.sockets[from:])
	}
	one := index.NetSpace{Inode: netns, PID: pid, Sockets: len(r.sockets) - from}
	r.describe(&one, a)
	r.spaces = append(r.spaces, one)
	return nil
}

// emptyTables are those in which nothing is, by what the namespace counts
// (sockstat). Reading one walks the table of the whole machine, in each
// namespace anew, and of TCP that is milliseconds for nothing in most of them. It
// makes room for as many sockets as there are.
func (r *tableReader) emptyTables() map[string]bool {
	if !r.options.Live {
		return nil
	}
	four, _ := r.tree.read(r.dir+"/sockstat", maxText)
	six, _ := r.tree.read(r.dir+"/sockstat6", maxText)
	if _, rest, ok := bytes.Cut(four, []byte("sockets: used ")); ok {
		digits, _, _ := bytes.Cut(rest, []byte("\n"))
		used, _ := number(string(digits))
		r.grow(min(used, maxSockets))
	}
	none := map[string]bool{}
	for _, one := range [...]struct {
		proto string
		text  []byte
		line  string
	}{
		{"tcp", four, "TCP: inuse 0 "}, {"udp", four, "UDP: inuse 0 "}, {"udplite", four, "UDPLITE: inuse 0\n"}, {"raw", four, "RAW: inuse 0\n"},
		{"tcp6", six, "TCP6: inuse 0\n"}, {"udp6", six, "UDP6: inuse 0\n"}, {"udplite6", six, "UDPLITE6: inuse 0\n"}, {"raw6", six, "RAW6: inuse 0\n"},
	} {
		none[one.proto] = bytes.Contains(one.text, []byte("\n"+one.line)) || bytes.HasPrefix(one.text, []byte(one.line))
	}
	// Those in TIME_WAIT are not in use, and of either family.
	if !bytes.Contains(four, []byte(" tw 0 ")) {
		none["tcp"], none["tcp6"] = false, false
	}
	return none
}

// grow makes room for n sockets, and for as many in each namespace that is still
// to be read: room that is not used takes no memory. Beyond quickRoom it is but
// doubled.
func (r *tableReader) grow(n int) {
	if n > cap(r.sockets)-len(r.sockets) {
		r.sockets = slices.Grow(r.sockets, max(n, len(r.sockets), min(n*(r.left+1), quickRoom)))
	}
}

// quickRoom are the sockets that room is made for at once, some five megabytes.
const quickRoom = 1 << 14

// usual are the tables that every host has, and protocols all that are read.
var (
	usual = []string{"tcp", "tcp6", "udp", "udp6", "unix"}
	// Kernels of today are built without seldom, which nobody misses.
	seldom    = []string{"udplite", "udplite6", "icmp6"}
	protocols = []string{"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6", "unix", "packet", "netlink"}
)

// netDirectory finds the directory of the socket tables, and the inode of the
// network namespace that they show, 0 where that is unknown. The net of a
// live procfs leads to the reader's own namespace, which is not that of
// another host's procfs: there pid 1 is asked first.
func netDirectory(t *tree, live bool) (string, uint64) {
	for _, place := range []struct{ dir, link string }{
		{"1/net", "1/ns/net"},
		{"self/net", "self/ns/net"},
		{"net", ""},
	} {
		if live && place.dir == "1/net" || !hasTable(t, place.dir) {
			continue
		}
		// Its tables are opened by a name without links: self is one.
		dir, _, err := t.resolve(place.dir)
		if err != nil {
			dir = place.dir
		}
		if place.link == "" {
			return dir, 0
		}
		return dir, netInode(t, place.link)
	}
	return "net", 0
}

func hasTable(t *tree, dir string) bool {
	for _, proto := range protocols {
		if _, _, err := t.resolve(dir + "/" + proto); err == nil {
			return true
		}
	}
	return false
}

// netInode reads a link such as self/ns/net, whose text names no file.
func netInode(t *tree, name string) uint64 {
	text, err := t.link(name)
	if err != nil {
		return 0
	}
	inode, _ := bracketed(text, "net")
	return inode
}

// tableReader reads the tables line by line: a bad line costs itself.
type tableReader struct {
	tree       *tree
	options    Options
	dir, place string
	gap        func(index.Gap)
	sockets    []index.Socket
	spaces     []index.NetSpace
	filters    bool // the kernel has nftables
	flows      int  // that were kept
	left       int  // namespaces that are still to be read, about
	// Room that is used again for each table:
	in     *bufio.Reader
	answer []byte         // of the kernel
	asked  []index.Socket // of TCP over IPv6
	first  map[uint64]int32
	seen   map[socketKey]bool
}

// buffered reads f by the buffer of the reader.
func (r *tableReader) buffered(f io.Reader) *bufio.Reader {
	if r.in == nil {
		r.in = bufio.NewReaderSize(nil, maxText)
	}
	r.in.Reset(f)
	return r.in
}

func (r *tableReader) table(proto string) error {
	place := r.place + "/" + proto
	f, err := r.tree.open(r.dir + "/" + proto)
	if err != nil {
		return err
	}
	defer f.Close()
	bad := badLines{gap: r.gap, area: areaSocket, place: place}
	c := r.collect(proto)
	add := c.add
	var table rows
	switch proto {
	case "unix":
		table = &unixTable{add: add}
	case "packet":
		table = oneLine{parsePacket, add}
	case "netlink":
		table = oneLine{parseNetlink, add}
	default:
		table = oneLine{func(line []byte) (index.Socket, error) { return parseInet(proto, line) }, add}
	}
	if err := eachLine(r.buffered(io.LimitReader(f, maxNetTable+1)), table, &bad); err != nil {
		r.gap(absentGap(areaSocket, place, err))
	}
	bad.done()
	c.done()
	return nil
}

// oneLine is a table of which each line is a socket.
type oneLine struct {
	parse func(line []byte) (index.Socket, error)
	add   func(index.Socket)
}

func (t oneLine) line(line []byte) error {
	s, err := t.parse(line)
	if err == nil {
		t.add(s)
	}
	return err
}

func (t oneLine) end() {}

// rows takes the lines below the heading of one table.
type rows interface {
	line(line []byte) error
	end()
}

// eachLine hands the lines of in, without their newlines, to rows; a line that
// is too long is left out whole.
func eachLine(in *bufio.Reader, to rows, bad *badLines) error {
	defer to.end()
	total := 0
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		total += len(line)
		long := false
		for errors.Is(err, bufio.ErrBufferFull) {
			var more []byte
			more, err = in.ReadSlice('\n')
			total += len(more)
			long = true
		}
		if total > maxNetTable {
			return errTooLarge
		}
		if len(line) == 0 && errors.Is(err, io.EOF) {
			return nil
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		switch {
		case n == 1 && isHeading(line):
		case long || len(line) > maxNetLine:
			bad.note(n, errTooLarge)
		default:
			if err := to.line(line); err != nil {
				bad.note(n, err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func isHeading(line []byte) bool {
	return bytes.Contains(line, []byte("local_address")) || bytes.HasPrefix(line, []byte("Num ")) || bytes.HasPrefix(line, []byte("sk "))
}
