package index

import (
	"bytes"
	"slices"
)

// sort puts terms in order: by the digits of their keys, which takes less than a
// quarter of the time of comparing, and those of one key by comparing.
func (l *termList) sort(list []keyedTerm) {
	sortByKey(list)
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].key == list[from].key {
			to++
		}
		if to > from+1 {
			slices.SortFunc(list[from:to], func(a, b keyedTerm) int { return bytes.Compare(l.term(a.n), l.term(b.n)) })
		}
		from = to
	}
}

// sortByKey sorts terms by their keys, those of one as they come.
func sortByKey(list []keyedTerm) {
	const digit = 11
	if len(list) == 0 {
		return
	}
	differ := uint64(0)
	for i := range list {
		differ |= list[i].key ^ list[0].key
	}
	own, spare := list, make([]keyedTerm, len(list))
	for shift := 0; shift < 64; shift += digit {
		if differ>>shift&(1<<digit-1) == 0 {
			continue
		}
		var next [1 << digit]uint32 // where the next one of a digit goes
		for i := range own {
			next[own[i].key>>shift&(1<<digit-1)]++
		}
		at := uint32(0)
		for d, n := range next {
			next[d] = at
			at += n
		}
		for _, t := range own {
			d := t.key >> shift & (1<<digit - 1)
			spare[next[d]] = t
			next[d]++
		}
		own, spare = spare, own
	}
	if &own[0] != &list[0] {
		copy(list, own)
	}
}
