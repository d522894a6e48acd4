package index

import "stilltrace/index/text"

// markUser makes the user a term of the block whose name is a part of the lines.
func (b *SegmentBuilder) markUser(r *reach, l *Lines) {
	if r.mark < 0 {
		b.set.mark(b.set.user(b.in(r, l)))
		return
	}
	line := l.Of[r.line]
	k := b.nameAt(r.kind, line.Values[r.mark])
	if k.block == b.set.block {
		return
	}
	if k.block = b.set.block; k.term == 0 {
		k.term = b.set.user(b.in(r, l)) + 1
	}
	b.set.mark(k.term - 1)
}

// nameAt returns what is known of a text of the segment as the name of a user.
func (b *SegmentBuilder) nameAt(k text.Kind, n uint64) *knownName {
	of := &b.names[k]
	for int(n) >= len(*of) {
		*of = append(*of, knownName{})
	}
	return &(*of)[n]
}

// knownName is what is known of a text as the name of a user: the number of its
// term, plus one, the last block that had it, and the number of the user in a
// round of the summary.
type knownName struct {
	term   uint32
	block  uint32
	number int32
	round  int // plus one
}
