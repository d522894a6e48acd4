package index

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
	"sort"

	"stilltrace/index/text"
)

// A term leads to the blocks in which it occurs. Terms of events are indexed
// for some fields; each has a letter, so that one order holds them all. An
// address is its 16 bytes, so that a prefix is one run of terms.
const (
	termAction    = 'a'
	termSignature = 'g'
	termIP        = 'i'
	termLevel     = 'l'
	termPID       = 'p'
	termService   = 's'
	termUser      = 'u'
	termSession   = 'x'
)

// sessionField is the field whose values are terms.
const sessionField = "session"

// termSet gathers the terms of one block after the other.
type termSet struct {
	set map[string]struct{}
	key []byte // memory for the next term

	block  uint64           // counts blocks, so that nothing has to be forgotten between them
	ipv4   []uint64         // the last block that had the address, by its number in the segment
	colons []markedColons   // likewise, and what each is
	pids   map[int]struct{} // beyond those of the bitmap
	bitmap []uint64         // the process ids of the block, a bit each
	words  []int            // of the bitmap that are not zero
}

// markedColons is what a text with colons is.
type markedColons struct {
	addr  netip.Addr
	known bool
	seen  uint64
}

// bitmapPIDs is how many process ids have a bit: the kernel gives no higher
// ones (PID_MAX_LIMIT, include/linux/threads.h).
const bitmapPIDs = 1 << 22

func (t *termSet) resetSegment() {
	t.ipv4, t.colons = t.ipv4[:0], t.colons[:0]
	t.resetBlock()
}

func (t *termSet) resetBlock() {
	t.block++
	clear(t.set)
	clear(t.pids)
	for _, w := range t.words {
		t.bitmap[w] = 0
	}
	t.words = t.words[:0]
}

func (t *termSet) addEntry(e *Entry) {
	t.addIPs(e.IP, e.IPs)
	t.addUser(e.User)
	t.addClass(e)
	t.addPID(e.PID)
	for _, f := range e.Fields {
		if f.Name == sessionField {
			t.addSession([]byte(f.Value))
		}
	}
}

func (t *termSet) addEvent(e *Event) {
	t.addIPs(e.IP, e.IPs)
	t.addUser([]byte(e.User))
	t.addClass(&Entry{Action: e.Action, Level: e.Level, Service: []byte(e.Service), Signature: []byte(e.Sign)})
	t.addPID(e.PID)
	for _, f := range e.Fields {
		if f.Name == sessionField {
			t.addSession([]byte(f.Value))
		}
	}
}

// addLine adds what the variables of a line give: its addresses and its
// process.
func (t *termSet) addLine(texts *text.Encoder, line *text.Line, pid uint64) {
	t.addPID(int(pid))
	for i := range line.Values {
		v := line.Values[i]
		switch line.Kind(i) {
		case text.KindIPv4:
			for int(v) >= len(t.ipv4) {
				t.ipv4 = append(t.ipv4, 0)
			}
			if t.ipv4[v] != t.block {
				t.ipv4[v] = t.block
				t.add(addressTerm(t.key[:0], netip.AddrFrom4([4]byte(texts.Text(text.KindIPv4, v)))))
			}
		case text.KindColons:
			if m := t.colon(texts, v); m.addr.IsValid() && m.seen != t.block {
				m.seen = t.block
				t.add(addressTerm(t.key[:0], m.addr))
			}
		}
	}
}

// isAddress reports whether variable i of the line is an address.
func (t *termSet) isAddress(texts *text.Encoder, line *text.Line, i int) bool {
	return line.Kind(i) == text.KindIPv4 || line.Kind(i) == text.KindColons && t.colon(texts, line.Values[i]).addr.IsValid()
}

// colon returns what is known of a text with colons.
func (t *termSet) colon(texts *text.Encoder, n uint64) *markedColons {
	for int(n) >= len(t.colons) {
		t.colons = append(t.colons, markedColons{})
	}
	m := &t.colons[n]
	if !m.known {
		m.known = true
		m.addr, _ = ParseColons(texts.Text(text.KindColons, n))
	}
	return m
}

func (t *termSet) addIPs(ip netip.Addr, ips []netip.Addr) {
	if ip.IsValid() {
		t.add(addressTerm(t.key[:0], ip))
	}
	for _, a := range ips {
		t.add(addressTerm(t.key[:0], a))
	}
}

func (t *termSet) addSession(session []byte) {
	t.add(append(append(t.key[:0], termSession), session...))
}

func (t *termSet) addUser(user []byte) { t.add(append(append(t.key[:0], termUser), user...)) }

// addClass adds what all events of a shape have in common.
func (t *termSet) addClass(e *Entry) {
	t.add(append(append(t.key[:0], termService), e.Service...))
	t.add(append(append(t.key[:0], termSignature), e.Signature...))
	t.add(append(t.key[:0], termAction, byte(e.Action)))
	t.add(append(t.key[:0], termLevel, byte(e.Level)))
}

func (t *termSet) addPID(pid int) {
	switch {
	case pid <= 0:
	case pid < bitmapPIDs:
		if t.bitmap == nil {
			t.bitmap = make([]uint64, bitmapPIDs/64)
		}
		if t.bitmap[pid/64] == 0 {
			t.words = append(t.words, pid/64)
		}
		t.bitmap[pid/64] |= 1 << (pid % 64)
	default:
		if t.pids == nil {
			t.pids = map[int]struct{}{}
		}
		t.pids[pid] = struct{}{}
	}
}

func (t *termSet) add(key []byte) {
	t.key = key
	key = cutTerm(key)
	if _, ok := t.set[string(key)]; !ok {
		t.set[string(key)] = struct{}{}
	}
}

// sorted returns the terms of the block in their order.
func (t *termSet) sorted() []string {
	out := make([]string, 0, len(t.set)+2*len(t.words))
	for k := range t.set {
		out = append(out, k)
	}
	for pid := range t.pids {
		out = append(out, pidTerm(pid))
	}
	slices.Sort(t.words)
	for _, w := range t.words {
		for b := t.bitmap[w]; b != 0; b &= b - 1 {
			out = append(out, pidTerm(w*64+bits.TrailingZeros64(b)))
		}
	}
	sort.Strings(out)
	return out
}

func pidTerm(pid int) string {
	return string(binary.BigEndian.AppendUint32([]byte{termPID}, uint32(pid)))
}

func cutTerm(key []byte) []byte { return key[:min(len(key), maxTerm)] }

func addressTerm(buf []byte, a netip.Addr) []byte {
	sixteen := a.As16()
	return append(append(buf, termIP), sixteen[:]...)
}
