package summary

// A Lot is events of one kind that come one after the other, each at a time
// that is known. What is counted of their kind waits in the lot until it is
// closed.
type Lot struct {
	Kind  int   // the number that the Builder gave
	Times int64 // how often it happened that each of them reports, at least once
	// Message is that of the earliest one, if the kind keeps an example. It is borrowed until the lot is closed.
	Message []byte

	place
	Sum
	firstLine, firstOffset, lastLine int64
}

// OpenLot begins a lot whose kind and times are given.
func (b *Builder) OpenLot(l *Lot) {
	l.place, l.Sum = b.kinds[l.Kind].place, Sum{}
}

// See takes in an event of an open lot as Add does, and reports whether it is the
// earliest one so far, whose message the lot should have.
func (b *Builder) See(l *Lot, e *Event) (earliest bool) {
	e.Kind, e.Times = l.Kind, l.Times
	earliest = l.see(e)
	if !l.untimed {
		b.minute(l.source, e.Time).one(l.Times, e.Time)
	}
	if e.User != None {
		b.users[e.User].one(l.Times, e.Time)
	}
	if len(e.Names) > 0 || e.About != None {
		b.address(&l.place, e, e.Time)
	}
	return earliest
}

// CloseLot counts the events of the lot.
func (b *Builder) CloseLot(l *Lot) {
	if l.Events > 0 {
		b.kinds[l.Kind].fold(b, l)
	}
	l.Sum, l.Message = Sum{}, nil
}

// see counts an event, and reports whether it is the earliest one so far.
func (l *Lot) see(e *Event) (earliest bool) {
	l.Events++
	l.Count += l.Times
	if l.Events == 1 || e.Time > l.Last || e.Time == l.Last && e.Line > l.lastLine {
		l.Last, l.lastLine = e.Time, e.Line
	}
	if l.Events == 1 || e.Time < l.First || e.Time == l.First && (e.Line < l.firstLine || e.Line == l.firstLine && e.Offset < l.firstOffset) {
		l.First, l.firstLine, l.firstOffset = e.Time, e.Line, e.Offset
		return true
	}
	return false
}

// fold counts the events of a lot.
func (k *kind) fold(b *Builder, l *Lot) {
	r := &k.row
	if r.Events == 0 || l.First < r.First || l.First == r.First && (l.firstLine < r.FirstLine || l.firstLine == r.FirstLine && l.firstOffset < r.FirstOffset) {
		r.FirstLine, r.FirstOffset = l.firstLine, l.firstOffset
		if r.Kept {
			b.bytes -= len(k.example)
			k.example = append(k.example[:0], l.Message[:min(len(l.Message), b.o.MaxExample)]...)
			b.bytes += len(k.example)
		}
	}
	if r.Events == 0 || l.Last > r.Last || l.Last == r.Last && l.lastLine > r.LastLine {
		r.LastLine = l.lastLine
	}
	r.Sum.fold(&l.Sum)
}

// one counts an event; a time of 0 is unknown.
func (s *Sum) one(times, t int64) {
	s.Events++
	s.Count += times
	if t != 0 && (s.First == 0 || t < s.First) {
		s.First = t
	}
	if t != 0 && (s.Last == 0 || t > s.Last) {
		s.Last = t
	}
}
