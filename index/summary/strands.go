package summary

// strands counts by address and thread. An address has few strands, which hang
// on it one behind the other: that is a place of memory less to wait for than a
// table has.
type strands struct {
	rows []pair
	next []uint32 // of each row, the place of the next one of the same address, plus one
	far  pairTable
}

// maxNear is how many strands hang on an address; more are in the table, so that
// one of thousands is not looked for in a row of them.
const maxNear = 8

// at returns what is counted of address n, which is a, and a thread.
func (s *strands) at(a *address, n, thread uint32) *Sum {
	near := 0
	for at := a.strand; at != 0; at = s.next[at-1] {
		if r := &s.rows[at-1]; r.b == thread {
			return &r.Sum
		}
		near++
	}
	if near == maxNear {
		return &s.far.rows[s.far.at(n, thread)].Sum
	}
	s.rows = append(s.rows, pair{a: n, b: thread})
	s.next = append(s.next, a.strand)
	a.strand = uint32(len(s.rows))
	return &s.rows[a.strand-1].Sum
}

// gather returns the rows of all strands. After it none is added before reset.
func (s *strands) gather() []pair {
	s.rows = append(s.rows, s.far.rows...)
	s.far.reset()
	return s.rows
}

func (s *strands) len() int { return len(s.rows) + len(s.far.rows) }

func (s *strands) reset() {
	s.rows, s.next = s.rows[:0], s.next[:0]
	s.far.reset()
}
