package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
)

// headBytes is what is read of a page at first. One of large values has its
// elements and the first key in it; the others are read whole.
const headBytes = 512

// page checks page id and all below it. Its keys must be at least lo and less
// than hi; nil is no bound.
func (v *verifier) page(id uint64, lo, hi []byte, depth, nesting int) error {
	if depth > maxDepth {
		return fmt.Errorf("page %d: more than %d pages deep", id, maxDepth)
	}
	p, err := v.read(id, &v.levels[depth])
	if err != nil {
		return err
	}
	for id := p.id; id < p.id+p.size/uint64(v.size); id++ {
		if v.seen[id/64]&(1<<(id%64)) != 0 {
			return fmt.Errorf("page %d: reached twice", id)
		}
		v.seen[id/64] |= 1 << (id % 64)
	}
	return v.elements(p, lo, hi, depth, nesting)
}

// read reads the head of page id.
func (v *verifier) read(id uint64, into *level) (*page, error) {
	if id >= v.pages {
		return nil, fmt.Errorf("page %d: beyond the end", id)
	}
	if into.head == nil {
		into.head = make([]byte, v.size)
	}
	p := &into.page
	*p = page{v: v, id: id, at: int64(id) * v.size, b: into.head[:headBytes]}
	if _, err := v.f.ReadAt(p.b, p.at); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	if got := binary.LittleEndian.Uint64(p.b); got != id {
		return nil, fmt.Errorf("page %d: says that it is page %d", id, got)
	}
	n := uint64(binary.LittleEndian.Uint32(p.b[12:])) + 1
	if n > v.pages-id || int64(n)*v.size > maxPage {
		return nil, fmt.Errorf("page %d: %d pages long", id, n)
	}
	p.size = n * uint64(v.size)
	p.tell()
	if n == 1 || p.count > headElems {
		p.b = into.head
		if _, err := v.f.ReadAt(p.b[headBytes:], p.at+headBytes); err != nil {
			return nil, fmt.Errorf("page %d: %w", id, err)
		}
	}
	return p, nil
}

// tell reads what the head says of the elements.
func (p *page) tell() {
	p.flags, p.count = binary.LittleEndian.Uint16(p.b[8:]), uint64(binary.LittleEndian.Uint16(p.b[10:]))
}

// elem is an element of a page: a key, and what belongs to it.
type elem struct {
	key    []byte
	flags  uint32
	child  uint64 // page below it
	at, sz uint64 // where its value lies in the page
}

// list reads the elements of a page and proves that they lie in it, and their
// keys in order and within bounds.
func (p *page) list(into []elem, lo, hi []byte) ([]elem, error) {
	if p.flags != flagBranch && p.flags != flagLeaf {
		return nil, fmt.Errorf("page %d: kind %#x in the tree", p.id, p.flags)
	}
	if pageHead+p.count*elemSize > p.size || p.flags == flagBranch && p.count == 0 {
		return nil, fmt.Errorf("page %d: %d elements", p.id, p.count)
	}
	all := slices.Grow(into[:0], int(p.count))[:p.count]
	for i := range all {
		e := &all[i]
		if err := e.read(p, p.flags, i, pageHead+p.count*elemSize); err != nil {
			return nil, fmt.Errorf("page %d: element %d: %w", p.id, i, err)
		}
		if i > 0 && bytes.Compare(e.key, all[i-1].key) <= 0 || lo != nil && bytes.Compare(e.key, lo) < 0 || hi != nil && bytes.Compare(e.key, hi) >= 0 {
			return nil, fmt.Errorf("page %d: element %d: key out of order", p.id, i)
		}
	}
	return all, nil
}

func (v *verifier) elements(p *page, lo, hi []byte, depth, nesting int) error {
	all, err := p.list(v.levels[depth].all, lo, hi)
	if err != nil {
		return err
	}
	v.levels[depth].all = all
	if p.flags == flagBranch {
		v.foresee(all)
	}
	for i := range all {
		e := &all[i]
		switch {
		case p.flags == flagBranch:
			next := hi
			if i+1 < len(all) {
				next = all[i+1].key
			}
			if err := v.page(e.child, e.key, next, depth+1, nesting); err != nil {
				return err
			}
		case e.flags&leafBucket == 0:
			v.bucket.keys++
			v.bucket.sum = crc32.Update(v.bucket.sum, castagnoli, e.key)
		default:
			if err := v.inBucket(p, e, nesting); err != nil {
				return fmt.Errorf("bucket %q: %w", e.key, err)
			}
		}
	}
	return nil
}

// read reads element i of a page, whose data begin at first.
func (e *elem) read(p *page, flags uint16, i int, first uint64) error {
	*e = elem{}
	at := uint64(pageHead + i*elemSize)
	b, err := p.bytes(at, elemSize)
	if err != nil {
		return err
	}
	var pos, size uint64
	if flags == flagBranch {
		pos, size, e.child = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:])), binary.LittleEndian.Uint64(b[8:])
	} else {
		if e.flags = binary.LittleEndian.Uint32(b); e.flags&^leafBucket != 0 {
			return fmt.Errorf("flags %#x", e.flags)
		}
		pos, size, e.sz = uint64(binary.LittleEndian.Uint32(b[4:])), uint64(binary.LittleEndian.Uint32(b[8:])), uint64(binary.LittleEndian.Uint32(b[12:]))
	}
	// The data of a page lie behind its last element, never over the elements.
	start := at + pos
	e.at = start + size
	if size > maxPageKey || start < first || e.at+e.sz > p.size {
		return errors.New("outside its page")
	}
	e.key, err = p.bytes(start, size)
	return err
}

// inBucket notes where the tree of a nested bucket lies: below a root page of
// its own, or in a page that lies within the value.
func (v *verifier) inBucket(p *page, e *elem, nesting int) error {
	if nesting >= maxNesting {
		return fmt.Errorf("lies more than %d deep", maxNesting)
	}
	value, err := p.bytes(e.at, e.sz)
	if err != nil {
		return err
	}
	if len(value) < bucketHead {
		return errors.New("cut short")
	}
	t := &tree{root: binary.LittleEndian.Uint64(value)}
	v.trees[string(e.key)] = t
	if t.root != 0 {
		return nil
	}
	inline := bytes.Clone(value[bucketHead:])
	if len(inline) < pageHead || binary.LittleEndian.Uint16(inline[8:]) != flagLeaf {
		return errors.New("no page within")
	}
	t.inline = &page{v: v, at: p.at + int64(e.at) + bucketHead, size: uint64(len(inline)), b: inline}
	t.inline.tell()
	return nil
}
