package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
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
	f     io.ReaderAt
	size  int64 // of a page
	pages uint64
	seen  []uint64 // one bit a page
}

// verifyPages proves the structure of f and returns where its last page ends.
func verifyPages(f *os.File) (end int64, err error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	v := &verifier{f: f}
	root, err := v.metas(st.Size())
	if err != nil {
		return 0, err
	}
	v.seen = make([]uint64, v.pages/64+1)
	v.seen[0] = 3 // the meta pages
	if err := v.page(root, nil, nil, 0, 0); err != nil {
		return 0, err
	}
	return int64(v.pages) * v.size, nil
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
	b, err := v.read(id)
	if err != nil {
		return err
	}
	return v.elements(id, b, lo, hi, depth, nesting)
}

// read reads page id with what belongs to it and marks all of it as seen.
func (v *verifier) read(id uint64) ([]byte, error) {
	if id >= v.pages {
		return nil, fmt.Errorf("page %d: beyond the end", id)
	}
	head := make([]byte, pageHead)
	if _, err := v.f.ReadAt(head, int64(id)*v.size); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	if got := binary.LittleEndian.Uint64(head); got != id {
		return nil, fmt.Errorf("page %d: says that it is page %d", id, got)
	}
	n := uint64(binary.LittleEndian.Uint32(head[12:])) + 1
	if n > v.pages-id || int64(n)*v.size > maxPacked+1<<20 {
		return nil, fmt.Errorf("page %d: %d pages long", id, n)
	}
	for p := id; p < id+n; p++ {
		if v.seen[p/64]&(1<<(p%64)) != 0 {
			return nil, fmt.Errorf("page %d: reached twice", p)
		}
		v.seen[p/64] |= 1 << (p % 64)
	}
	b := make([]byte, int64(n)*v.size)
	if _, err := v.f.ReadAt(b, int64(id)*v.size); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return b, nil
}

func (v *verifier) elements(id uint64, b, lo, hi []byte, depth, nesting int) error {
	flags, count := binary.LittleEndian.Uint16(b[8:]), int(binary.LittleEndian.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf {
		return fmt.Errorf("page %d: kind %#x in the tree", id, flags)
	}
	if pageHead+count*elemSize > len(b) || flags == flagBranch && count == 0 {
		return fmt.Errorf("page %d: %d elements", id, count)
	}
	var prev []byte
	keys := make([][]byte, count)
	for i := range keys {
		key, _, err := v.element(b, flags, i)
		if err != nil {
			return fmt.Errorf("page %d: element %d: %w", id, i, err)
		}
		if i > 0 && bytes.Compare(key, prev) <= 0 || lo != nil && bytes.Compare(key, lo) < 0 || hi != nil && bytes.Compare(key, hi) >= 0 {
			return fmt.Errorf("page %d: element %d: key out of order", id, i)
		}
		keys[i], prev = key, key
	}
	for i, key := range keys {
		at := b[pageHead+i*elemSize:]
		if flags == flagBranch {
			next := hi
			if i+1 < count {
				next = keys[i+1]
			}
			if err := v.page(binary.LittleEndian.Uint64(at[8:]), key, next, depth+1, nesting); err != nil {
				return err
			}
			continue
		}
		if binary.LittleEndian.Uint32(at)&leafBucket == 0 {
			continue
		}
		_, value, _ := v.element(b, flags, i)
		if err := v.bucket(value, depth, nesting); err != nil {
			return fmt.Errorf("bucket %q: %w", key, err)
		}
	}
	return nil
}

// element returns the key of element i and, in a leaf, its value.
func (v *verifier) element(b []byte, flags uint16, i int) (key, value []byte, err error) {
	at := pageHead + i*elemSize
	e := b[at:]
	var pos, ksize, vsize uint64
	if flags == flagBranch {
		pos, ksize = uint64(binary.LittleEndian.Uint32(e)), uint64(binary.LittleEndian.Uint32(e[4:]))
	} else {
		if f := binary.LittleEndian.Uint32(e); f&^leafBucket != 0 {
			return nil, nil, fmt.Errorf("flags %#x", f)
		}
		pos, ksize, vsize = uint64(binary.LittleEndian.Uint32(e[4:])), uint64(binary.LittleEndian.Uint32(e[8:])), uint64(binary.LittleEndian.Uint32(e[12:]))
	}
	start := uint64(at) + pos
	// The data of a page lie behind its last element, never over the elements.
	first := uint64(pageHead) + uint64(binary.LittleEndian.Uint16(b[10:]))*elemSize
	if ksize > maxPageKey || start < first || start+ksize+vsize > uint64(len(b)) {
		return nil, nil, errors.New("outside its page")
	}
	return b[start : start+ksize], b[start+ksize : start+ksize+vsize], nil
}

// bucket checks the tree of a nested bucket: a root page of its own, or a page
// that lies within the value.
func (v *verifier) bucket(value []byte, depth, nesting int) error {
	if nesting >= maxNesting {
		return fmt.Errorf("lies more than %d deep", maxNesting)
	}
	if len(value) < bucketHead {
		return errors.New("cut short")
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return v.page(root, nil, nil, depth+1, nesting+1)
	}
	inline := value[bucketHead:]
	if len(inline) < pageHead || binary.LittleEndian.Uint16(inline[8:]) != flagLeaf {
		return errors.New("no page within")
	}
	return v.elements(0, inline, nil, nil, depth+1, nesting+1)
}
