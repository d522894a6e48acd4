package proc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"stilltrace/index"
)

// ReadSockets reads the socket tables of one network namespace: on a live
// host that of the capture, in another tree that of pid 1, else of whoever
// the tree's net or self stands for. The sockets come in the order of the
// tables tcp, tcp6, udp, udp6, unix, without their owners: see JoinOwners.
// Sockets live shorter than processes, so they are read first.
//
// The error is that the procfs cannot be opened or that ctx ended; then the
// sockets read so far are returned with it.
func ReadSockets(ctx context.Context, o Options, gap func(index.Gap)) ([]index.Socket, error) {
	t, err := openTree(o.Proc, "/proc")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Proc, err)
	}
	defer t.close()
	dir, netns := netDirectory(t, o.Live)
	r := tableReader{tree: t, dir: dir, gap: gap}
	for _, proto := range protocols {
		if err := ctx.Err(); err != nil {
			return r.sockets, fmt.Errorf("%s: %w", o.Proc, err)
		}
		r.table(proto)
	}
	for i := range r.sockets {
		r.sockets[i].NetNS = netns
	}
	return r.sockets, nil
}

// JoinOwners gives each socket the processes that hold it. Inode 0 is no
// inode: such a socket is in TIME_WAIT or not yet accepted, and has no owner.
func JoinOwners(sockets []index.Socket, owners Owners) {
	for i := range sockets {
		if s := &sockets[i]; s.Inode != 0 {
			s.Owner = owners[s.Inode]
		}
	}
}

var protocols = []string{"tcp", "tcp6", "udp", "udp6", "unix"}

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
		if place.link == "" {
			return place.dir, 0
		}
		return place.dir, netInode(t, place.link)
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
	tree    *tree
	dir     string
	gap     func(index.Gap)
	sockets []index.Socket
}

// socketKey tells the sockets of one table apart. The kernel hands a table
// out in pieces and may show a socket twice.
type socketKey struct {
	inode         uint64
	local, remote netip.AddrPort
	path          string
}

func (r *tableReader) table(proto string) {
	place := "/proc/net/" + proto
	f, err := r.tree.open(r.dir + "/" + proto)
	if err != nil {
		r.gap(absentGap(areaSocket, place, err))
		return
	}
	defer f.Close()
	bad := badLines{gap: r.gap, area: areaSocket, place: place}
	seen := map[socketKey]bool{}
	over := 0
	add := func(s index.Socket) {
		key := socketKey{s.Inode, netip.AddrPortFrom(s.Local, s.LPort), netip.AddrPortFrom(s.Remote, s.RPort), s.Path}
		unnamed := proto == "unix" && s.Inode == 0 // connections that wait for accept(2): nothing tells them apart
		switch {
		case !unnamed && seen[key]:
		case len(r.sockets) >= maxSockets:
			over++
		default:
			seen[key] = true
			s.Proto = proto
			r.sockets = append(r.sockets, s)
		}
	}
	var table rows = inetTable{proto: proto, add: add}
	if proto == "unix" {
		table = &unixTable{add: add}
	}
	if err := eachLine(io.LimitReader(f, maxNetTable+1), table, &bad); err != nil {
		r.gap(absentGap(areaSocket, place, err))
	}
	bad.done()
	if over > 0 {
		r.gap(index.Gap{Area: areaSocket, Place: place, Reason: index.ReasonTooLarge, Detail: "more sockets than the limit", Count: over})
	}
}

// rows takes the lines below the heading of one table.
type rows interface {
	line(line []byte) error
	end()
}

// eachLine hands the lines of r, without their newlines, to rows; a line that
// is too long is left out whole.
func eachLine(r io.Reader, to rows, bad *badLines) error {
	in := bufio.NewReaderSize(r, maxText)
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
	return bytes.Contains(line, []byte("local_address")) || bytes.HasPrefix(line, []byte("Num "))
}
