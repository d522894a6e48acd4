package index

import (
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

// verifier proves the structure of a file, bucket by bucket. It is not safe for
// use by several goroutines.
type verifier struct {
	f      io.ReaderAt
	size   int64 // of a page
	pages  uint64
	seen   []uint64 // one bit a page
	trees  map[string]*tree
	bucket keyProof // of the bucket that is being read
	levels [maxDepth + 2]level
	paths  [maxDepth + 2]pathLevel
	soon   func(at, size int64) // is told what will be read next, unless it is nil
}

// tree is the pages of one bucket: below a root page, or one page that lies
// within the page that names the bucket.
type tree struct {
	root   uint64
	inline *page // nil where there is a root page
	proved bool
	keys   keyProof
	err    error // what the proof has found
	leaves int   // at which depth they lie; 0 before one was read
}

// level is what a page is read into: of each depth there is one page at a time.
type level struct {
	head []byte
	page page
	all  []elem
}

// pathLevel is a page on the way to a key that was looked for, and stays for the
// next one.
type pathLevel struct {
	level
	known  bool
	id     uint64
	inline *page
}

// keyProof is what the keys of a bucket are: how many, and CRC-32C over all of
// them in order, as the manifest has it.
type keyProof struct {
	keys int64
	sum  uint32
}

// newVerifier proves the meta pages of f and those that name its buckets. soon,
// which may be nil, is told what will be read next.
func newVerifier(f *os.File, soon func(at, size int64)) (*verifier, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	v := &verifier{f: f, trees: map[string]*tree{}, soon: soon}
	root, err := v.metas(st.Size())
	if err != nil {
		return nil, err
	}
	v.seen = make([]uint64, v.pages/64+1)
	v.seen[0] = 3 // the meta pages
	if err := v.page(root, nil, nil, 0, 0); err != nil {
		return nil, err
	}
	for _, t := range v.trees {
		if v.soon != nil && t.inline == nil {
			v.soon(int64(t.root)*v.size, behindLast/2*v.size)
		}
	}
	return v, nil
}

// prove proves the structure of a bucket, once, and returns its keys; of a
// bucket that is not there, none.
func (v *verifier) prove(bucket string) (keyProof, error) {
	t := v.trees[bucket]
	if t == nil {
		return keyProof{}, nil
	}
	if !t.proved {
		t.proved = true
		v.bucket = keyProof{}
		if t.inline != nil {
			t.err = v.elements(t.inline, nil, nil, 1, 1)
		} else {
			t.err = v.page(t.root, nil, nil, 1, 1)
		}
		if t.keys = v.bucket; t.err != nil {
			t.err = fmt.Errorf("bucket %q: %w", bucket, t.err)
		}
	}
	return t.keys, t.err
}

// verifyPages proves the structure of f.
func verifyPages(f *os.File) error {
	v, err := newVerifier(f, nil)
	if err != nil {
		return err
	}
	for bucket := range v.trees {
		if _, err := v.prove(bucket); err != nil {
			return err
		}
	}
	return nil
}

// page is a page with what belongs to it, of which only the head was read: a
// page of large values is mostly values.
type page struct {
	v     *verifier
	id    uint64
	at    int64 // in the file
	size  uint64
	b     []byte // as far as it was read; all of one that lies within another
	flags uint16
	count uint64 // of its elements
}

// bytes returns a part of the page.
func (p *page) bytes(from, n uint64) ([]byte, error) {
	if from > p.size || n > p.size-from {
		return nil, errors.New("outside its page")
	}
	if from+n <= uint64(len(p.b)) {
		return p.b[from : from+n], nil
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
