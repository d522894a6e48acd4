package summary

import (
	"cmp"
	"slices"
)

// tally is what was counted of an address and a thread, or of an address and a
// user, and waits to be put in order: a row without pointers.
type tally struct {
	bare
	what uint32 // number of the thread or the user where the tally comes from
	Sum
	firstLine, lastLine int64 // of threads
}

// tallyBytes is what one costs until it is written: itself, and what it takes to sort it.
const tallyBytes = 72 + 2*8

// foldStrand adds b to a, which has the same address and thread.
func foldStrand(a, b *tally) {
	if b.First < a.First || b.First == a.First && b.firstLine < a.firstLine {
		a.firstLine = b.firstLine
	}
	if b.Last > a.Last || b.Last == a.Last && b.lastLine > a.lastLine {
		a.lastLine = b.lastLine
	}
	a.Sum.fold(&b.Sum)
}

// foldTry adds b to a, which has the same address and user.
func foldTry(a, b *tally) { a.span(&b.Sum) }

// orderTallies returns the places of tallies in the order of their addresses,
// and then of the ranks of what else they are about; each in the lower half of a
// number.
func orderTallies(rows []tally, rank []uint32) []uint64 {
	next := make([]uint32, len(rank)+1) // where the next one of a rank goes
	four := 0
	for i := range rows {
		if rows[i].is4() {
			next[rank[rows[i].what]+1]++
			four++
		}
	}
	for i := range rank {
		next[i+1] += next[i]
	}
	list := make([]uint64, four, len(rows))
	for i := range rows {
		if r := &rows[i]; r.is4() {
			n := &next[rank[r.what]]
			list[*n] = r.low<<32 | uint64(i)
			*n++
		} else {
			list = append(list, uint64(i))
		}
	}
	sortByUpper(list[:four])
	slices.SortFunc(list[four:], func(a, b uint64) int {
		if c := rows[a].bare.compare(rows[b].bare); c != 0 {
			return c
		}
		return cmp.Compare(rank[rows[a].what], rank[rows[b].what])
	})
	return list
}

// sortByUpper sorts numbers by their upper halves, those of one as they come:
// by digits, which takes a fifth of the time of comparing.
func sortByUpper(list []uint64) {
	const digit = 11
	spare := make([]uint64, len(list))
	for shift := 32; shift < 64; shift += digit {
		var next [1 << digit]uint32 // where the next one of a digit goes
		for _, v := range list {
			next[v>>shift&(1<<digit-1)]++
		}
		at := uint32(0)
		for d, n := range next {
			next[d] = at
			at += n
		}
		for _, v := range list {
			d := v >> shift & (1<<digit - 1)
			spare[next[d]] = v
			next[d]++
		}
		list, spare = spare, list
	}
	copy(spare, list) // the third time they went the other way
}
