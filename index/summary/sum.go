package summary

// Sum is what is counted of some events.
type Sum struct {
	Events int64 // log entries
	Count  int64 // occurrences: an entry that says "message repeated N times" counts N
	First  int64 // time of the earliest and of the latest, nanoseconds since 1970
	Last   int64
}

// fold adds what o counts. Its times are those of events.
func (s *Sum) fold(o *Sum) {
	if s.Events == 0 {
		*s = *o
		return
	}
	s.Events += o.Events
	s.Count += o.Count
	s.First, s.Last = min(s.First, o.First), max(s.Last, o.Last)
}

// span adds what o counts where a time of 0 is unknown, and widens nothing.
func (s *Sum) span(o *Sum) {
	s.Events += o.Events
	s.Count += o.Count
	if o.First != 0 && (s.First == 0 || o.First < s.First) {
		s.First = o.First
	}
	if o.Last != 0 && (s.Last == 0 || o.Last > s.Last) {
		s.Last = o.Last
	}
}

// Place is where an event stands among all others: by time, source, line.
type Place struct {
	Time   int64
	Source uint32
	Line   int64
}

func (p *Place) before(q *Place) bool {
	if p.Time != q.Time {
		return p.Time < q.Time
	}
	if p.Source != q.Source {
		return p.Source < q.Source
	}
	return p.Line < q.Line
}

// units are what times of one thing are counted in: the largest that divides
// them all. Most logs write seconds or milliseconds.
var units = [...]int64{1e9, 1e6, 1e3, 1}

// unit is the number of the largest unit that divides t and is no larger than
// the one with the given number.
func unit(n byte, t int64) byte {
	for n < byte(len(units)-1) && t%units[n] != 0 {
		n++
	}
	return n
}

func readUnit(p *parser) int64 {
	n := p.byte()
	if int(n) >= len(units) {
		p.bad = true
		return 1
	}
	return units[n]
}
