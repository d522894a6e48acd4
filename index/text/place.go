package text

// A Place is where a byte stands in a line, said such that it holds for every
// line of the template: so many bytes behind the start of the line, or behind
// the start or the end of a variable. Edge 0 is the start of the line, 2k+1
// that of its variable k, 2k+2 the end of it.
type Place struct{ Edge, Offset uint32 }

// Place returns where byte at of the line stands; false if that is within a
// variable.
func (l *Line) Place(at int) (Place, bool) {
	k := len(l.Marks) - 1
	for k >= 0 && int(l.Marks[k].Start) > at {
		k--
	}
	switch {
	case k < 0:
		return Place{0, uint32(at)}, true
	case at == int(l.Marks[k].Start):
		return Place{uint32(2*k + 1), 0}, true
	case at < int(l.Marks[k].End):
		return Place{}, false
	}
	return Place{uint32(2*k + 2), uint32(at) - l.Marks[k].End}, true
}

// At returns which byte of the line stands at the place; false where the line
// has no such variable.
func (l *Line) At(p Place) (int, bool) {
	switch {
	case p.Edge == 0:
		return int(p.Offset), true
	case p.Edge > 2*uint32(len(l.Marks)):
		return 0, false
	case p.Edge&1 == 1:
		return int(l.Marks[p.Edge/2].Start) + int(p.Offset), true
	}
	return int(l.Marks[p.Edge/2-1].End) + int(p.Offset), true
}
