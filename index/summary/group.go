package summary

import "slices"

// addressGroup makes rows of addresses from tallies of their strands that come
// in order.
type addressGroup struct {
	yield func(*AddressRow) error
	at    bare
	row   AddressRow
	rest  map[uint64]*Strand // what lies beyond the limits, by the bits of its thread
	none  bool               // no tally came yet
}

func (g *addressGroup) add(r *tally, t *Thread) error {
	if g.none || r.bare != g.at {
		if err := g.end(); err != nil {
			return err
		}
		g.none, g.at = false, r.bare
		g.row.Addr = r.addr()
	}
	first, last := Place{r.First, t.Source, r.firstLine}, Place{r.Last, t.Source, r.lastLine}
	whole := len(g.row.Strands) == 0 && len(g.rest) == 0
	if whole || first.before(&g.row.First) {
		g.row.First = first
	}
	if whole || g.row.Last.before(&last) {
		g.row.Last = last
	}
	if len(t.Service) > maxName || len(t.Jail) > maxName || len(g.row.Strands) >= maxStrands {
		g.beyond(r, t)
		return nil
	}
	g.row.Strands = append(g.row.Strands, Strand{t, r.Sum})
	return nil
}

// beyond counts what is beyond the limits by action and status alone.
func (g *addressGroup) beyond(r *tally, t *Thread) {
	if s := g.rest[t.bits()]; s != nil {
		s.fold(&r.Sum)
		return
	}
	if g.rest == nil {
		g.rest = map[uint64]*Strand{}
	}
	g.rest[t.bits()] = &Strand{t.beyond(), r.Sum}
}

// end yields the row of the address whose last tally came.
func (g *addressGroup) end() error {
	if g.none {
		return nil
	}
	if len(g.rest) > 0 {
		// They are of source 0 and come first.
		var rest []Strand
		for _, s := range g.rest {
			rest = append(rest, *s)
		}
		slices.SortFunc(rest, func(a, b Strand) int { return a.compare(b.Thread) })
		g.row.Strands = append(rest, g.row.Strands...)
		clear(g.rest)
	}
	err := g.yield(&g.row)
	g.row.Strands = g.row.Strands[:0]
	return err
}
