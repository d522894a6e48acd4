package text

// A way is a chain of nodes whose pieces lead from a node and begin alike: by the same
// eight bytes, or by having less than eight. Where a second piece begins so, those that come
// are told apart by eight bytes that stand where the two differ: these have ways of
// their own, since all that a program says may begin alike.
type way struct {
	from  uint16
	first uint16 // of the chain
	tag   uint16 // of what the pieces begin with
	skip  uint16 // from the start of a piece to the eight bytes, or 0
}

// gone says that another line went from a node to the node n, and that it was not
// expected to. Its piece is looked for by how it begins from then on: many a piece is
// there once.
func (t *trail) gone(from, n uint32) {
	if c := &t.nodes[n]; c.from == noNode {
		c.from = uint16(from)
		t.chain(n)
	}
}

// isDeep is a bit of node.half that says that pieces that lead from the node begin alike:
// ways are asked before the kids, which could all be meant.
const isDeep = 1 << 6

// maxChain is how many nodes a chain has: lines of noise may begin alike.
const maxChain = 6

// chain puts a node into the chain of those whose pieces begin alike.
func (t *trail) chain(n uint32) {
	c := &t.nodes[n]
	key := uint64(short)
	if c.size >= 8 {
		key = c.head
	}
	w, tag := t.way(uint32(c.from), key)
	if w.first != noNode && key != short {
		if w.skip == 0 {
			w.skip = t.skip(uint32(w.first), n)
		} else {
			t.nodes[c.from].half |= isDeep
		}
		if skip := uint32(w.skip); skip > 0 && c.size >= skip+8 {
			w, tag = t.way(uint32(c.from), t.deeper(key, load64(t.pieces, int(c.piece+skip))))
		}
	}
	c.next, c.chained = w.first, 1
	if w.first != noNode {
		c.chained += t.nodes[w.first].chained
	}
	if c.chained <= maxChain {
		w.from, w.first, w.tag = c.from, uint16(n), tag
	}
}

// skip returns where eight bytes stand in which the pieces of two nodes differ, or 0
// where there are none.
func (t *trail) skip(a, b uint32) uint16 {
	p, q := t.text(a), t.text(b)
	size := min(len(p), len(q), 1<<15)
	for i := 8; i < size; i++ {
		if p[i] != q[i] {
			return uint16(min(i, size-8))
		}
	}
	return 0
}

// text is the piece of a node.
func (t *trail) text(n uint32) []byte {
	c := &t.nodes[n]
	return t.pieces[c.piece : c.piece+c.size]
}

// short is what the ways of pieces have that are shorter than eight bytes.
const short = 0

// deeper is what the ways have of pieces that begin with head, and in which x stands
// where such pieces are told apart.
func (t *trail) deeper(head, x uint64) uint64 { return fold(head^t.seed, x^0xD6E8FEB86659FD93) }

// way returns the way of the pieces that lead from a node and begin with key, or where it
// belongs, and its tag.
func (t *trail) way(from uint32, key uint64) (w *way, tag uint16) {
	mask := len(t.ways) - 1
	hash := fold(key^t.seed, uint64(from)^0x9E3779B97F4A7C15)
	tag = uint16(hash >> 48)
	for i := int(hash); ; i++ {
		w := &t.ways[i&mask]
		if w.first == noNode || uint32(w.from) == from && w.tag == tag {
			return w, tag
		}
	}
}
