package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"io"
	"os"
	"slices"
)

// bbolt trusts its file: a page that points to itself makes it loop, a wrong
// offset makes it read foreign memory, and a file that was cut short ends the
// process. So the structure of a case is proved with plain reads before bbolt
// maps it: both meta pages, and every page that can be reached, each once,
// with its elements inside it and its keys in order and within those of its
// parent. The values' own bytes are left to their checksums.
//
// The layout is that of bbolt's file format version 2, little endian as on
// every machine that can have written it.

const (
	pageHead   = 16 // id 8, flags 2, count 2, overflow 4
	elemSize   = 16 // branch: pos 4, ksize 4, page 8; leaf: flags 4, pos 4, ksize 4, vsize 4
	metaSize   = 64 // magic 4, version 4, page size 4, flags 4, root 8, sequence 8, freelist 8, end 8, transaction 8, checksum 8
	metaMagic  = 0xED0CDAED
	metaFormat = 2

	flagBranch = 0x01
	flagLeaf   = 0x02
	flagMeta   = 0x04

	leafBucket = 0x01
	bucketHead = 16 // root page 8, sequence 8

	// maxDepth bounds pages above one another; a case of a terabyte needs six.
	maxDepth = 32
	// maxNesting is how deep buckets may lie in buckets: ours lie side by side.
	maxNesting = 1
	// maxFile bounds a case: a hundred days of a busy host.
	maxFile = 64 << 30
	// maxPageKey bounds a key; ours have at most 4 + maxTerm bytes.
	maxPageKey = 1 << 10
)

type verifier struct {
	f       io.ReaderAt
	size    int64 // of a page
	pages   uint64
	seen    []uint64 // one bit a page
	buckets map[string]keyProof
	bucket  keyProof // of the bucket that is being read
	levels  [maxDepth + 2]level
}

// level is what a page is read into: of each depth there is one page at a time.
type level struct {
	head []byte
	all  []elem
}

// keyProof is what the keys of a bucket are: how many, and CRC-32C over all of
// them in order, as the manifest has it.
type keyProof struct {
	keys int64
	sum  uint32
}

// verifyPages proves the structure of f and returns the keys of its buckets, and
// where its last page ends.
func verifyPages(f *os.File) (keys map[string]keyProof, end int64, err error) {
	st, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	v := &verifier{f: f, buckets: map[string]keyProof{}}
	root, err := v.metas(st.Size())
	if err != nil {
		return nil, 0, err
	}
	v.seen = make([]uint64, v.pages/64+1)
	v.seen[0] = 3 // the meta pages
	if err := v.page(root, nil, nil, 0, 0); err != nil {
		return nil, 0, err
	}
	return v.buckets, int64(v.pages) * v.size, nil
}

// page is a page with what belongs to it, of which only the head was read: a
// page of large values is mostly values.
type page struct {
	v    *verifier
	id   uint64
	at   int64 // in the file, or -1 for one that lies within a value
	size uint64
	b    []byte // as far as it was read
}

// bytes returns a part of the page.
func (p *page) bytes(from, n uint64) ([]byte, error) {
	if from > p.size || n > p.size-from {
		return nil, errors.New("outside its page")
	}
	if from+n <= uint64(len(p.b)) {
		return p.b[from : from+n], nil
	}
	if p.at < 0 {
		return nil, errors.New("outside its page")
	}
	b := make([]byte, n)
	if _, err := p.v.f.ReadAt(b, p.at+int64(from)); err != nil {
		return nil, err
	}
	return b, nil
}

var errNoBolt = errors.New("no bbolt file")

// metas checks the two meta pages and returns the root page of the newer one.
// bbolt would quietly go back one transaction where one of them is damaged.
func (v *verifier) metas(fileSize int64) (root uint64, err error) {
	first := make([]byte, pageHead+metaSize)
	if _, err := v.f.ReadAt(first, 0); err != nil {
		return 0, fmt.Errorf("first page cut short: %w", errNoBolt)
	}
	if binary.LittleEndian.Uint32(first[pageHead:]) != metaMagic {
		return 0, errNoBolt
	}
	v.size = int64(binary.LittleEndian.Uint32(first[pageHead+8:]))
	if v.size < 1<<10 || v.size > 64<<10 || v.size&(v.size-1) != 0 {
		return 0, fmt.Errorf("page size %d", v.size)
	}
	var newest uint64
	for i := range uint64(2) {
		b := make([]byte, pageHead+metaSize)
		if _, err := v.f.ReadAt(b, int64(i)*v.size); err != nil {
			return 0, fmt.Errorf("page %d cut short", i)
		}
		m := b[pageHead:]
		sum := fnv.New64a()
		sum.Write(m[:metaSize-8])
		switch {
		case binary.LittleEndian.Uint64(b) != i || binary.LittleEndian.Uint16(b[8:]) != flagMeta:
			return 0, fmt.Errorf("page %d is no meta page", i)
		case binary.LittleEndian.Uint32(m) != metaMagic || binary.LittleEndian.Uint32(m[4:]) != metaFormat:
			return 0, fmt.Errorf("meta page %d is of another format", i)
		case int64(binary.LittleEndian.Uint32(m[8:])) != v.size:
			return 0, fmt.Errorf("meta pages differ in page size")
		case binary.LittleEndian.Uint64(m[56:]) != sum.Sum64():
			return 0, fmt.Errorf("meta page %d has a wrong checksum", i)
		}
		if tx := binary.LittleEndian.Uint64(m[48:]); i == 0 || tx > newest {
			newest = tx
			root = binary.LittleEndian.Uint64(m[16:])
			v.pages = binary.LittleEndian.Uint64(m[40:])
		}
	}
	if v.pages < 4 || v.pages > maxFile/uint64(v.size) || int64(v.pages)*v.size > fileSize {
		return 0, fmt.Errorf("%d pages of %d bytes do not fit into %d bytes: it was cut short", v.pages, v.size, fileSize)
	}
	return root, nil
}

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
	return v.elements(p, lo, hi, depth, nesting)
}

// read reads the head of page id and marks all of it as seen.
func (v *verifier) read(id uint64, into *level) (*page, error) {
	if id >= v.pages {
		return nil, fmt.Errorf("page %d: beyond the end", id)
	}
	if into.head == nil {
		into.head = make([]byte, v.size)
	}
	p := &page{v: v, id: id, at: int64(id) * v.size, b: into.head}
	if _, err := v.f.ReadAt(p.b, p.at); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	if got := binary.LittleEndian.Uint64(p.b); got != id {
		return nil, fmt.Errorf("page %d: says that it is page %d", id, got)
	}
	n := uint64(binary.LittleEndian.Uint32(p.b[12:])) + 1
	if n > v.pages-id || int64(n)*v.size > maxPacked+1<<20 {
		return nil, fmt.Errorf("page %d: %d pages long", id, n)
	}
	for p := id; p < id+n; p++ {
		if v.seen[p/64]&(1<<(p%64)) != 0 {
			return nil, fmt.Errorf("page %d: reached twice", p)
		}
		v.seen[p/64] |= 1 << (p % 64)
	}
	p.size = n * uint64(v.size)
	return p, nil
}

// elem is an element of a page: a key, and what belongs to it.
type elem struct {
	key    []byte
	flags  uint32
	child  uint64 // page below it
	at, sz uint64 // where its value lies in the page
}

func (v *verifier) elements(p *page, lo, hi []byte, depth, nesting int) error {
	flags, count := binary.LittleEndian.Uint16(p.b[8:]), uint64(binary.LittleEndian.Uint16(p.b[10:]))
	if flags != flagBranch && flags != flagLeaf {
		return fmt.Errorf("page %d: kind %#x in the tree", p.id, flags)
	}
	if pageHead+count*elemSize > p.size || flags == flagBranch && count == 0 {
		return fmt.Errorf("page %d: %d elements", p.id, count)
	}
	all := slices.Grow(v.levels[depth].all[:0], int(count))[:count]
	v.levels[depth].all = all
	for i := range all {
		e := &all[i]
		if err := e.read(p, flags, i, pageHead+count*elemSize); err != nil {
			return fmt.Errorf("page %d: element %d: %w", p.id, i, err)
		}
		if i > 0 && bytes.Compare(e.key, all[i-1].key) <= 0 || lo != nil && bytes.Compare(e.key, lo) < 0 || hi != nil && bytes.Compare(e.key, hi) >= 0 {
			return fmt.Errorf("page %d: element %d: key out of order", p.id, i)
		}
	}
	for i := range all {
		e := &all[i]
		switch {
		case flags == flagBranch:
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
			if err := v.inBucket(p, e, depth, nesting); err != nil {
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

// inBucket checks the tree of a nested bucket: a root page of its own, or a
// page that lies within the value.
func (v *verifier) inBucket(p *page, e *elem, depth, nesting int) error {
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
	outer := v.bucket
	v.bucket = keyProof{}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		err = v.page(root, nil, nil, depth+1, nesting+1)
	} else {
		inline := value[bucketHead:]
		if len(inline) < pageHead || binary.LittleEndian.Uint16(inline[8:]) != flagLeaf {
			return errors.New("no page within")
		}
		err = v.elements(&page{v: v, at: -1, size: uint64(len(inline)), b: inline}, nil, nil, depth+1, nesting+1)
	}
	v.buckets[string(e.key)] = v.bucket
	v.bucket = outer
	return err
}
