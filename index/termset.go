package index

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"net/netip"
	"slices"

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

// segmentTerms are the terms of the blocks of a segment: for each block the
// numbers of its terms. One may have several.
type segmentTerms struct {
	termList
	blocks [][]uint32
}

// termSet gathers the terms of one block after the other.
type termSet struct {
	table  termTable
	blocks [][]uint32 // the terms of each block
	seen   []uint32   // the last block that had the term
	list   []uint32   // the terms of the block
	key    []byte     // memory for the next term

	block  uint32         // counts blocks, so that nothing has to be forgotten between them; 4 billion of them are half a petabyte
	ipv4   []knownAddress // by their numbers in the segment
	colons []markedColons // likewise
	pids   map[int]struct{}
	bitmap []uint64 // the process ids of the block, a bit each; higher ones are in pids
	words  []int    // of the bitmap that are not zero
	known  [knownPIDs]knownPID

	classes [4]uint32 // of the entry that was added last
}

// knownPIDs is of how many process ids the numbers are kept, each at the place
// of its lowest bits: most are those of one block and the next one, and follow
// one another.
const knownPIDs = 1 << 12

// knownPID is a process id and the number of its term, plus one.
type knownPID struct{ pid, term uint32 }

// knownAddress is what is known of an address that is a text of the segment: all
// in one place, because it is asked for with nearly every event.
type knownAddress struct {
	term  uint32 // plus one
	block uint32 // the last one that had it
	numbered
}

// markedColons is what a text with colons is.
type markedColons struct {
	addr  netip.Addr
	known bool
	term  uint32 // plus one
	numbered
}

func newTermSet(seed maphash.Seed) termSet { return termSet{table: termTable{seed: seed}} }

// terms returns the terms of the segment, once all its blocks are there.
func (t *termSet) terms() segmentTerms { return segmentTerms{t.table.termList, t.blocks} }

// bitmapPIDs is how many process ids have a bit: the kernel gives no higher
// ones (PID_MAX_LIMIT, include/linux/threads.h).
const bitmapPIDs = 1 << 22

func (t *termSet) resetSegment() {
	t.table.reset()
	t.blocks = nil
	t.ipv4, t.colons, t.seen = t.ipv4[:0], t.colons[:0], t.seen[:0]
	clear(t.known[:])
	t.beginBlock()
}

func (t *termSet) beginBlock() {
	t.block++
	t.list = t.list[:0]
	clear(t.pids)
	for _, w := range t.words {
		t.bitmap[w] = 0
	}
	t.words = t.words[:0]
}

// endBlock makes what was gathered the terms of the next block.
func (t *termSet) endBlock() {
	for pid := range t.pids {
		t.list = append(t.list, t.pidNumber(pid))
	}
	for _, w := range t.words {
		for b := t.bitmap[w]; b != 0; b &= b - 1 {
			t.list = append(t.list, t.pidNumber(w*64+bits.TrailingZeros64(b)))
		}
	}
	t.blocks = append(t.blocks, slices.Clone(t.list))
}

// pidNumber returns a number of the term of a process id, which the block has
// once.
func (t *termSet) pidNumber(pid int) uint32 {
	k := &t.known[pid%knownPIDs]
	if k.pid != uint32(pid) || k.term == 0 {
		*k = knownPID{uint32(pid), t.another(pidTerm(t.key[:0], pid)) + 1}
	}
	return k.term - 1
}

// another gives a term another number, whether it has one or not: to look for
// that can take longer than to drop one of them with the segment's other terms.
func (t *termSet) another(key []byte) uint32 {
	t.key = key
	t.seen = append(t.seen, 0)
	return t.table.add(key, t.table.hash(key))
}

func (t *termSet) addEntry(e *Entry) {
	t.addIPs(e.IP, e.IPs)
	t.mark(t.user(e.User))
	t.classes = t.class(e)
	for _, n := range t.classes {
		t.mark(n)
	}
	t.addPID(e.PID)
	for _, f := range e.Fields {
		if f.Name == sessionField {
			t.mark(t.session(f.Value))
		}
	}
}

func (t *termSet) addEvent(e *Event) {
	as := Entry{IP: e.IP, IPs: e.IPs, User: []byte(e.User), Action: e.Action, Level: e.Level, Service: []byte(e.Service), Signature: []byte(e.Sign), PID: e.PID}
	if session := e.Get(sessionField); session != "" {
		as.Fields = []EntryField{{sessionField, []byte(session)}}
	}
	t.addEntry(&as)
}

// addIPv4 and addColons add the addresses that texts of the segment are.
func (t *termSet) addIPv4(texts *text.Encoder, n uint64) {
	if int(n) >= len(t.ipv4) || t.ipv4[n].term == 0 {
		t.newIPv4(texts, n)
	}
	// Whether the block has an address already is as good as random, and a wrong guess costs more than the rest.
	k, size := &t.ipv4[n], len(t.list)
	list := append(t.list, k.term-1)
	if k.block != t.block {
		size++
	}
	k.block = t.block
	t.list = list[:size]
}

func (t *termSet) newIPv4(texts *text.Encoder, n uint64) {
	for int(n) >= len(t.ipv4) {
		t.ipv4 = append(t.ipv4, knownAddress{})
	}
	t.ipv4[n].term = t.another(append(append(t.key[:0], fourInSix...), texts.Text(text.KindIPv4, n)...)) + 1
}

func (t *termSet) addColons(texts *text.Encoder, n uint64) {
	m := t.colon(texts, n)
	if !m.addr.IsValid() {
		return
	}
	if m.term == 0 {
		m.term = t.numberOf(addressTerm(t.key[:0], m.addr)) + 1
	}
	t.mark(m.term - 1)
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

// address, user, session and class return the numbers of terms, class those that all
// events of a shape have.
func (t *termSet) address(a netip.Addr) uint32 { return t.numberOf(addressTerm(t.key[:0], a)) }

func (t *termSet) user(user []byte) uint32 {
	return t.numberOf(append(append(t.key[:0], termUser), user...))
}

func (t *termSet) session(session []byte) uint32 {
	return t.numberOf(append(append(t.key[:0], termSession), session...))
}

func (t *termSet) class(e *Entry) [4]uint32 {
	return [...]uint32{
		t.numberOf(append(append(t.key[:0], termService), e.Service...)),
		t.numberOf(append(append(t.key[:0], termSignature), e.Signature...)),
		t.numberOf(append(t.key[:0], termAction, byte(e.Action))),
		t.numberOf(append(t.key[:0], termLevel, byte(e.Level))),
	}
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

func (t *termSet) add(key []byte) { t.mark(t.numberOf(key)) }

// numberOf returns the number of a term.
func (t *termSet) numberOf(key []byte) uint32 {
	t.key = key
	key = cutTerm(key)
	n, found := t.table.find(key, t.table.hash(key))
	if !found {
		t.seen = append(t.seen, 0)
	}
	return n
}

// mark makes a term one of the block.
func (t *termSet) mark(n uint32) {
	if t.seen[n] != t.block {
		t.seen[n] = t.block
		t.list = append(t.list, n)
	}
}

func pidTerm(buf []byte, pid int) []byte {
	return binary.BigEndian.AppendUint32(append(buf, termPID), uint32(pid))
}

func cutTerm(key []byte) []byte { return key[:min(len(key), maxTerm)] }

func addressTerm(buf []byte, a netip.Addr) []byte {
	sixteen := a.As16()
	return append(append(buf, termIP), sixteen[:]...)
}
