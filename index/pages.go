package index

import (
	"bufio"
	"encoding/binary"
	"hash/fnv"
	"io"
	"maps"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// A case is written once, from its first page to its last, and its keys come in
// ascending order. bbolt itself would keep it sound after each transaction: it
// writes the last page of a bucket again with all the values in it, leaves the
// old one free, and maps what was written. So what bbolt reads is written here:
// each page once, as soon as it is full, the pages that name them behind them,
// and the meta pages last.

const (
	// casePage is the size of a page, on every machine the same.
	casePage = 4 << 10
	// leafBytes is where a page is closed that has large values: what it takes of the file is whole pages, so more of them waste less.
	leafBytes = 256 << 10
	// headElems is how many elements the first bytes of a page have, beside the first key: more of them are not read at once.
	headElems = (headBytes - pageHead) / elemSize / 2
	// inlineBytes is up to which size the only page of a bucket lies in the page that names it, as bbolt has it.
	inlineBytes = casePage / 4

	flagFreelist = 0x10
	metaPages    = 2
)

// pageFile is a file of bbolt that is being written.
type pageFile struct {
	f     *os.File
	out   *bufio.Writer
	next  uint64 // page
	begun uint64 // page up to which the disk was told to begin
	head  []byte // memory for that of a page
}

// pageTree is a bucket that is being written: of each depth the page that is not
// full yet, from the leaves up.
type pageTree struct{ levels []pageNode }

type pageNode struct {
	elems []pageElem
	size  int
}

// pageElem is a key, and a value or the page below it.
type pageElem struct {
	key, value []byte
	flags      uint32
	child      uint64
}

func (e *pageElem) size() int { return elemSize + len(e.key) + len(e.value) }

func newPageFile(f *os.File) (*pageFile, error) {
	if _, err := f.Seek(metaPages*casePage, io.SeekStart); err != nil {
		return nil, bareError(err)
	}
	return &pageFile{f: f, out: bufio.NewWriterSize(f, 64<<10), next: metaPages, begun: metaPages}, nil
}

// put adds a value to a bucket, behind all that it has. Key and value must stay
// as they are.
func (w *pageFile) put(t *pageTree, key, value []byte) error {
	return w.add(t, 0, pageElem{key: key, value: value})
}

func (w *pageFile) add(t *pageTree, depth int, e pageElem) error {
	if depth == len(t.levels) {
		t.levels = append(t.levels, pageNode{size: pageHead})
	}
	if t.levels[depth].full(depth, &e) {
		if err := w.close(t, depth); err != nil {
			return err
		}
	}
	n := &t.levels[depth]
	n.elems = append(n.elems, e)
	n.size += e.size()
	return nil
}

// full reports whether a page is better closed before e is added. Small values
// fill a page of the file; large ones lie together so that little of the last
// one is wasted.
func (n *pageNode) full(depth int, e *pageElem) bool {
	switch {
	case len(n.elems) == 0 || n.size+e.size() <= casePage:
		return false
	case depth > 0 || e.size() < casePage/4:
		return true
	}
	return n.size >= leafBytes || len(n.elems) >= headElems
}

// close writes the page of a depth, and names it in the one above.
func (w *pageFile) close(t *pageTree, depth int) error {
	n := &t.levels[depth]
	first := n.elems[0].key
	id, err := w.write(depth, n)
	if err != nil {
		return err
	}
	return w.add(t, depth+1, pageElem{key: first, child: id})
}

// write writes a page, which is empty then.
func (w *pageFile) write(depth int, n *pageNode) (id uint64, err error) {
	pages := (n.size + casePage - 1) / casePage
	kind := uint16(flagLeaf)
	if depth > 0 {
		kind = flagBranch
	}
	w.head = appendPage(w.head[:0], w.next, kind, pages, n.elems)
	_, err = w.out.Write(w.head)
	for i := range n.elems {
		if err == nil {
			_, err = w.out.Write(n.elems[i].key)
		}
		if err == nil {
			_, err = w.out.Write(n.elems[i].value)
		}
	}
	if err == nil {
		_, err = w.out.Write(make([]byte, pages*casePage-n.size))
	}
	clear(n.elems)
	n.elems, n.size = n.elems[:0], pageHead
	id = w.next
	w.next += uint64(pages)
	w.begin()
	return id, bareError(err)
}

// appendPage writes the head of a page and its elements. Their keys and values
// follow in order.
func appendPage(out []byte, id uint64, kind uint16, pages int, elems []pageElem) []byte {
	le := binary.LittleEndian
	out = le.AppendUint64(out, id)
	out = le.AppendUint16(out, kind)
	out = le.AppendUint16(out, uint16(len(elems)))
	out = le.AppendUint32(out, uint32(pages-1))
	at := len(elems) * elemSize // from the element to its key
	for i := range elems {
		e := &elems[i]
		if kind == flagBranch {
			out = le.AppendUint32(out, uint32(at))
			out = le.AppendUint32(out, uint32(len(e.key)))
			out = le.AppendUint64(out, e.child)
		} else {
			out = le.AppendUint32(out, e.flags)
			out = le.AppendUint32(out, uint32(at))
			out = le.AppendUint32(out, uint32(len(e.key)))
			out = le.AppendUint32(out, uint32(len(e.value)))
		}
		at += len(e.key) + len(e.value) - elemSize
	}
	return out
}

// begin lets the disk begin with what was written, now and then, so that less is
// left to wait for when the case is synced. It promises nothing, and where a
// file system does not know it, all is left for then.
func (w *pageFile) begin() {
	const step = 8 << 20
	if n := int64(w.next-w.begun) * casePage; n >= step {
		_ = unix.SyncFileRange(int(w.f.Fd()), int64(w.begun)*casePage, n, unix.SYNC_FILE_RANGE_WRITE)
		w.begun = w.next
	}
}

// end writes what is left of a bucket, and returns what names it: its root page,
// or that page itself where it is small.
func (w *pageFile) end(t *pageTree) (value []byte, err error) {
	if len(t.levels) == 0 {
		t.levels = append(t.levels, pageNode{size: pageHead})
	}
	if n := &t.levels[0]; len(t.levels) == 1 && n.size <= inlineBytes {
		value = appendPage(make([]byte, bucketHead, bucketHead+n.size), 0, flagLeaf, 1, n.elems)
		for i := range n.elems {
			value = append(append(value, n.elems[i].key...), n.elems[i].value...)
		}
		return value, nil
	}
	for depth := 0; depth < len(t.levels)-1; depth++ {
		if err := w.close(t, depth); err != nil {
			return nil, err
		}
	}
	root, err := w.write(len(t.levels)-1, &t.levels[len(t.levels)-1])
	return append(binary.LittleEndian.AppendUint64(nil, root), make([]byte, bucketHead-8)...), err
}

// finish writes what is left of the buckets, and the pages that lead to them.
func (w *pageFile) finish(trees map[string]*pageTree) error {
	root := pageNode{size: pageHead}
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		value, err := w.end(trees[name])
		if err != nil {
			return err
		}
		e := pageElem{key: []byte(name), value: value, flags: leafBucket}
		root.elems = append(root.elems, e)
		root.size += e.size()
	}
	at, err := w.write(0, &root)
	if err != nil {
		return err
	}
	free := w.next
	w.next++
	page := appendPage(make([]byte, 0, casePage), free, flagFreelist, 1, nil)
	if _, err := w.out.Write(page[:casePage]); err != nil {
		return bareError(err)
	}
	if err := w.out.Flush(); err != nil {
		return bareError(err)
	}
	var metas []byte
	for id := range uint64(metaPages) {
		metas = append(metas, w.meta(id, at, free)...)
	}
	_, err = w.f.WriteAt(metas, 0)
	return bareError(err)
}

// meta is one of the two meta pages. They say the same, each as the last
// transaction that would have written it.
func (w *pageFile) meta(id, root, free uint64) []byte {
	le := binary.LittleEndian
	b := appendPage(make([]byte, 0, casePage), id, flagMeta, 1, nil)
	for _, v := range [...]uint32{metaMagic, metaFormat, casePage, 0} {
		b = le.AppendUint32(b, v)
	}
	for _, v := range [...]uint64{root, 0, free, w.next, id} {
		b = le.AppendUint64(b, v)
	}
	sum := fnv.New64a()
	sum.Write(b[pageHead:])
	return le.AppendUint64(b, sum.Sum64())[:casePage]
}
