package text

import (
	"bytes"
	"math/bits"
)

// A trail is the ways on which the lines of a segment went from one variable to
// the next: a tree of static pieces. It is no part of what is written, and what
// is found along it is what is found without: it only makes that faster, and it
// may forget.
type trail struct {
	nodes  []node
	stands []stand  // of the nodes
	cells  []uint32 // numbers of nodes, by their fingerprints; 0 is an empty cell
	ways   []way    // as many, by where pieces begin and with what
	seed   uint64   // of what finds a way
	pieces []byte   // those of nodes, one after the other
	most   int      // nodes
}

// A node is a piece of static text and the slot behind it, or the end of a line.
// It fills a line of the cache.
type node struct {
	head     uint64 // the first eight bytes of the piece
	tail     uint64 // and the last eight, where it has more
	kids     uint64 // the last four nodes that lines went to from here, the latest lowest
	looks    uint64 // and what their pieces show of themselves
	size     uint32 // of the piece
	piece    uint32 // where it is in the pieces
	code     slotCode
	template uint32 // of the line that ends here, plus one; 0 where it is not known yet
	text     uint32 // the last one that was found here, plus one; not known of all kinds
	quote    uint32 // where in the piece a quote is opened behind which the slot stands, plus one
	from     uint16 // the node before, where it is in a chain
	next     uint16 // of the chain
	chained  uint8  // how many of the chain are left with it
	half     uint8  // half of the bits of eight bytes that are not of the piece, below 64; and isDeep
	follow   follow
	parts    parts // that the quote is sure to have
}

// A stand says where the scanner came to stand when it found the slot of a node.
type stand struct {
	print  fingerprint // of all up to the slot
	stop   int32       // from the start of the slot
	opened int32       // what the piece makes of scanner.opened: 0 nothing, -1 none, else a place in the piece plus one
}

const (
	maxNodes = 1 << 15 // a text of noise makes one of every variable; numbers of nodes have 16 bits

	noNode   = 0 // lines that go where no way is known
	rootNode = 1
)

func (t *trail) reset(start fingerprint) {
	if t.cells == nil {
		t.cells, t.ways = make([]uint32, 1<<9), make([]way, 1<<9)
		t.most = maxNodes
	}
	clear(t.cells)
	clear(t.ways)
	t.seed = uint64(start)
	t.nodes, t.stands = append(t.nodes[:0], node{}, node{}), append(t.stands[:0], stand{}, stand{print: start})
	t.pieces = t.pieces[:0]
}

// has reports whether the piece stands at at in wide, of whose line the first n
// bytes are looked at.
func (t *trail) has(c *node, wide []byte, at, n int) bool {
	if (load64(wide, at)^c.head)<<(c.half&63)<<(c.half&63) != 0 {
		return false
	}
	return at+int(c.size) <= n && (c.size <= 8 || t.rest(c, wide, at, n))
}

// rest is has for what of a piece follows its head.
func (t *trail) rest(c *node, wide []byte, at, n int) bool {
	size := int(c.size)
	if at+size > n || load64(wide, at+size-8) != c.tail {
		return false
	}
	return size <= 16 || bytes.Equal(wide[at+8:at+size-8], t.pieces[int(c.piece)+8:int(c.piece)+size-8])
}

// find returns the node with the fingerprint, or where in the cells it belongs.
func (t *trail) find(print fingerprint) (n uint32, cell int) {
	mask := len(t.cells) - 1
	i := int(print) & mask
	for ; t.cells[i] != 0; i = (i + 1) & mask {
		if n := t.cells[i]; t.stands[n].print == print {
			return n, i
		}
	}
	return 0, i
}

// add takes a node in, with its piece.
func (t *trail) add(c node, at stand, piece []byte, cell int) uint32 {
	c.piece, c.size = uint32(len(t.pieces)), uint32(len(piece))
	t.pieces = append(t.pieces, piece...)
	c.head = tail8(piece[:min(len(piece), 8)])
	if len(piece) > 8 {
		c.tail = tail8(piece[len(piece)-8:])
	}
	c.half = uint8(32 - 4*min(len(piece), 8))
	n := uint32(len(t.nodes))
	t.nodes, t.stands = append(t.nodes, c), append(t.stands, at)
	t.cells[cell] = n
	if len(t.nodes) > len(t.cells)/2 {
		t.grow()
	}
	return n
}

// tail8 returns up to eight bytes as a number, the first one lowest.
func tail8(b []byte) (v uint64) {
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}

func (t *trail) grow() {
	t.cells, t.ways = make([]uint32, 4*len(t.cells)), make([]way, 4*len(t.cells))
	mask := len(t.cells) - 1
	for n := rootNode + 1; n < len(t.nodes); n++ {
		i := int(t.stands[n].print) & mask
		for t.cells[i] != 0 {
			i = (i + 1) & mask
		}
		t.cells[i] = uint32(n)
		if t.nodes[n].from != noNode {
			t.chain(uint32(n))
		}
	}
}

// look is what of the first eight bytes of a piece a node remembers of its kids, so
// that most that are not meant are not looked at. Of a shorter piece, that is 0.
func look(head uint64) uint64 { return head >> 48 }

// alike marks the kids after the latest one whose piece may stand where head does.
func (c *node) alike(head uint64) uint64 {
	const (
		each = 0x0001000100010001
		rest = 0x7FFF * each
	)
	x, y := c.looks^look(head)*each, c.looks
	x, y = x&rest+rest|x, y&rest+rest|y
	return ^(x & y) & 0x8000800080000000
}

// went says that a line went from a node to one of its kids.
func (t *trail) went(from, to uint32) {
	if t.nodes[from].latest() != to {
		t.turn(from, to)
	}
}

// latest is the kid that a line went to last.
func (c *node) latest() uint32 { return uint32(uint16(c.kids)) }

// shown is what a node shows of itself to the one before.
func (c *node) shown() uint64 {
	if c.size < 8 {
		return 0
	}
	return look(c.head)
}

// turn makes a kid the latest one, in place of the oldest one where it is new.
func (t *trail) turn(from, to uint32) {
	const (
		each = 0x0001000100010001
		high = 0x8000800080008000
	)
	c, kid := &t.nodes[from], uint64(to)
	other := c.kids ^ kid*each
	at := bits.TrailingZeros64((other-each)&^other&high|1<<63) + 1
	among := uint64(1)<<at - 1 // the kid's place, and those that were later
	c.kids = c.kids&^among | c.kids<<16&among | kid
	c.looks = c.looks&^among | c.looks<<16&among | t.nodes[to].shown()
}
