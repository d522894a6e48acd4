package proc

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"

	"stilltrace/index"
)

// maxFlows is how many tracked connections of all namespaces are kept, some 150 bytes each.
const maxFlows = 8192

// conntrack reads the connections that the kernel tracks. A kernel that tracks
// none has no such file, nor has one that was built without it.
func (r *tableReader) conntrack(s *index.NetSpace) {
	const name = "nf_conntrack"
	f, err := r.tree.open(r.dir + "/" + name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.gap(absentGap(areaSocket, r.place+"/"+name, err))
		}
		return
	}
	defer f.Close()
	bad := badLines{gap: r.gap, area: areaSocket, place: r.place + "/" + name}
	table := &flowTable{reader: r, space: s}
	if err := eachLine(r.buffered(io.LimitReader(f, maxNetTable+1)), table, &bad); err != nil {
		r.gap(absentGap(areaSocket, r.place+"/"+name, err))
	}
	bad.done()
	if table.over > 0 {
		r.gap(index.Gap{Area: areaSocket, Place: r.place + "/" + name, Reason: index.ReasonTooLarge, Detail: "more tracked connections than the limit", Count: table.over})
	}
}

// flowTable takes in the rows.
type flowTable struct {
	reader *tableReader
	space  *index.NetSpace
	over   int
}

func (t *flowTable) line(line []byte) error {
	flow, err := parseFlow(line)
	switch {
	case err != nil:
		return err
	case t.reader.flows == maxFlows:
		t.over++
	default:
		t.reader.flows++
		t.space.Flows = append(t.space.Flows, flow)
	}
	return nil
}

func (t *flowTable) end() {}

// parseFlow reads a row of nf_conntrack:
//
//	ipv4     2 tcp      6 431999 ESTABLISHED src=192.0.2.1 dst=198.51.100.7 sport=1 dport=2 src=10.0.0.2 dst=192.0.2.1 sport=80 dport=1 [ASSURED] mark=0 use=2
//
// Family and protocol come with their numbers, then the seconds that are left,
// the state of those that have one, the two directions, and what is to be said
// of each or of both. One whose time is over has no seconds.
func parseFlow(line []byte) (f index.Flow, err error) {
	words := strings.Fields(string(line))
	if len(words) < 6 {
		return f, torn("%d words", len(words))
	}
	f.Proto = words[2]
	direction := -1
	for i, word := range words[4:] {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			switch {
			case word == "[UNREPLIED]":
				f.Unreplied = true
			case word[0] == '[':
			case i == 0:
				n, err := strconv.ParseUint(word, 10, 32)
				if err != nil {
					return f, torn("seconds %.20q", word)
				}
				f.Timeout = uint32(n)
			case direction < 0:
				f.State = word
			}
			continue
		}
		if key == "src" {
			direction++
		}
		if err := endOfFlow(&f, direction, key, value); err != nil {
			return index.Flow{}, err
		}
	}
	if !f.Source.IsValid() || !f.Dest.IsValid() || !f.From.IsValid() || !f.To.IsValid() {
		return index.Flow{}, torn("row %.80q", bytes.TrimSpace(line))
	}
	return f, nil
}

// endOfFlow takes in what is said of the one direction, 0, or the other, 1.
func endOfFlow(f *index.Flow, direction int, key, value string) error {
	if direction != 0 && direction != 1 {
		return torn("%.40q", key)
	}
	var addr *netip.Addr
	var port *uint16
	switch key {
	case "src":
		addr = []*netip.Addr{&f.Source, &f.From}[direction]
	case "dst":
		addr = []*netip.Addr{&f.Dest, &f.To}[direction]
	case "sport":
		port = []*uint16{&f.SPort, &f.FromPort}[direction]
	case "dport":
		port = []*uint16{&f.DPort, &f.ToPort}[direction]
	case "bytes":
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return torn("bytes %.40q", value)
		}
		*[]*uint64{&f.Bytes, &f.Replied}[direction] = n
	}
	if addr != nil {
		a, err := netip.ParseAddr(value)
		if err != nil {
			return torn("address %.48q", value)
		}
		*addr = a.Unmap()
	}
	if port != nil {
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return torn("port %.20q", value)
		}
		*port = uint16(n)
	}
	return nil
}
