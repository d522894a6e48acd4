package index

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// find returns where in the file the value at a key of a bucket lies, and its
// length; a length of -1 where there is no such key. Only the pages on the way
// to it are proved: it is for buckets of which it is known what keys they have,
// so that one that is not found is damage, wherever it went.
func (v *verifier) find(bucket string, key []byte) (at int64, size int, err error) {
	t := v.trees[bucket]
	if t == nil {
		return 0, -1, nil
	}
	s := step{id: t.root, inline: t.inline}
	for depth := 1; ; depth++ {
		l, err := v.step(depth, s)
		if err != nil {
			return 0, 0, fmt.Errorf("bucket %q: %w", bucket, err)
		}
		if l.page.flags == flagLeaf {
			t.leaves = depth
			i, found := slices.BinarySearchFunc(l.all, key, compareKey)
			if !found || l.all[i].flags&leafBucket != 0 {
				return 0, -1, nil
			}
			return l.page.at + int64(l.all[i].at), int(l.all[i].sz), nil
		}
		var i int
		if i, s = s.below(l.all, key); i < 0 {
			return 0, -1, nil
		}
	}
}

// maxExtent bounds what is read ahead of one page: between it and the next one
// pages of other buckets may lie.
const maxExtent = 2 << 20

// extent returns about where the page lies that has the key, with what belongs
// to it, and reads nothing of it: a page ends before the next one begins.
func (v *verifier) extent(bucket string, key []byte) (at, size int64) {
	t := v.trees[bucket]
	if t == nil {
		return 0, 0
	}
	if t.leaves == 0 {
		if _, _, err := v.find(bucket, key); err != nil {
			return 0, 0
		}
	}
	s := step{id: t.root, inline: t.inline}
	for depth := 1; depth < t.leaves; depth++ {
		l, err := v.step(depth, s)
		if err != nil || l.page.flags != flagBranch {
			return 0, 0
		}
		var i int
		if i, s = s.below(l.all, key); i < 0 {
			return 0, 0
		}
		at, size = int64(s.id)*v.size, v.size
		if i+1 < len(l.all) && l.all[i+1].child > s.id {
			size = min(int64(l.all[i+1].child-s.id)*v.size, maxExtent)
		}
	}
	return at, size
}

// step is a page on the way to a key, and the bounds of its keys.
type step struct {
	id     uint64
	inline *page // the page itself, of a bucket that lies within another page
	lo, hi []byte
}

// below is the step to the child that may have the key, and which of the
// elements of a branch that is, or -1.
func (s step) below(all []elem, key []byte) (int, step) {
	i, found := slices.BinarySearchFunc(all, key, compareKey)
	if !found {
		i--
	}
	if i < 0 {
		return -1, s
	}
	s.id, s.lo = all[i].child, all[i].key
	if i+1 < len(all) {
		s.hi = all[i+1].key
	}
	return i, s
}

func compareKey(e elem, key []byte) int { return bytes.Compare(e.key, key) }

// step reads a page of a way and its elements, unless it was the last one that
// was read at that depth.
func (v *verifier) step(depth int, s step) (*pathLevel, error) {
	if depth > maxDepth {
		return nil, errors.New("too deep")
	}
	l := &v.paths[depth]
	if l.known && l.id == s.id && l.inline == s.inline {
		return l, nil
	}
	l.known = false
	if s.inline != nil {
		l.page = *s.inline
	} else if _, err := v.read(s.id, &l.level); err != nil {
		return nil, err
	}
	var err error
	if l.all, err = l.page.list(l.all, s.lo, s.hi); err != nil {
		return nil, err
	}
	l.id, l.inline, l.known = s.id, s.inline, true
	return l, nil
}

// widest is the gap between two pages up to which they are better read as one,
// and behindLast is how many pages may belong to the last one of them.
const (
	widest     = 128
	behindLast = 32
)

// foresee says that all children of a branch will be read.
func (v *verifier) foresee(branch []elem) {
	if v.soon == nil {
		return
	}
	ids := make([]uint64, len(branch))
	for i := range branch {
		ids[i] = branch[i].child
	}
	slices.Sort(ids)
	for from := 0; from < len(ids); {
		to := from
		for to+1 < len(ids) && ids[to+1]-ids[to] <= widest {
			to++
		}
		v.soon(int64(ids[from])*v.size, int64(ids[to]-ids[from]+behindLast)*v.size)
		from = to + 1
	}
}
