package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
)

// postingSum is a sum over pairs of a term and a block that has it, each once, in
// whatever order: equal sums are of the same pairs. Nobody who writes a case
// knows the seed, and so cannot make other pairs of the same sum. It stands for
// the pairs themselves, which take more memory than all else that is proved.
type postingSum struct {
	seed maphash.Seed
	n    int64
	sum  uint64
}

func (s *postingSum) add(term []byte, block int) {
	var h maphash.Hash
	h.SetSeed(s.seed)
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(block)))
	h.Write(term)
	s.n++
	s.sum += h.Sum64()
}

// terms compares the terms of a group with those of its events.
func (c *checker) terms(n uint32, want *postingSum) {
	got := postingSum{seed: want.seed}
	end := bytes.Repeat([]byte{0xff}, maxTerm+1) // is behind every term
	var last []byte
	lastBlock, page := -1, 0
	err := c.r.each(bucketTerms, key32(n), func(key, content []byte) error {
		first := true
		_, err := readPage(content, nil, end, func(term []byte, block int) {
			order := bytes.Compare(term, last)
			if first && !bytes.Equal(key[4:], term) || order < 0 || order == 0 && block <= lastBlock {
				got.n = -1 << 62 // no sum of what was written
			}
			first, last, lastBlock = false, append(last[:0], term...), block
			got.add(term, block)
		})
		c.touched(len(content))
		if page++; err != nil {
			return fmt.Errorf("page %d: %w", page, err)
		}
		return nil
	})
	if err == nil && (got.n != want.n || got.sum != want.sum) {
		err = errors.New("they do not lead to the events that are there")
	}
	if err != nil {
		c.problem("terms of group %d: %v", n, err)
	}
}
