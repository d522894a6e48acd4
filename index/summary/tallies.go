package summary

// tallies yields the tallies of one origin in their order, some at a time.
type tallies[T comparable] struct {
	fill  func(t *tallies[T]) error // fetches the next ones, none behind the last
	rows  []tally
	words []T // what the numbers in the rows stand for
	at    int
}

// word is the thread or the user of the current row.
func (t *tallies[T]) word() T { return t.words[t.rows[t.at].what] }

// step moves on to the next row; the first step is to the first one.
func (t *tallies[T]) step() (more bool, err error) {
	if t.at++; t.at < len(t.rows) {
		return true, nil
	}
	t.at = 0
	err = t.fill(t)
	return len(t.rows) > 0, err
}

// tallyHeap is origins of tallies, that with the first row on top.
type tallyHeap[T comparable] struct {
	compare func(a, b T) int
	list    []tallyHead[T]
}

type tallyHead[T comparable] struct {
	key  uint64 // of the address of its row
	from *tallies[T]
}

func (h *tallyHeap[T]) less(i, j int) bool {
	a, b := &h.list[i], &h.list[j]
	if a.key != b.key {
		return a.key < b.key
	}
	x, y := &a.from.rows[a.from.at], &b.from.rows[b.from.at]
	if x.bare != y.bare {
		return x.bare.compare(y.bare) < 0
	}
	return h.compare(a.from.word(), b.from.word()) < 0
}

func (h *tallyHeap[T]) sink(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(h.list); c++ {
			if h.less(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		h.list[i], h.list[least] = h.list[least], h.list[i]
		i = least
	}
}

// step moves the origin on top on.
func (h *tallyHeap[T]) step() error {
	t := h.list[0].from
	more, err := t.step()
	if err != nil {
		return err
	}
	if more {
		h.list[0].key = t.rows[t.at].key()
	} else {
		last := len(h.list) - 1
		h.list[0] = h.list[last]
		h.list = h.list[:last]
	}
	h.sink(0)
	return nil
}

// mergeTallies yields the rows of several origins in order, those of one
// address and one word added up. A row is valid until the next one.
func mergeTallies[T comparable](from []*tallies[T], compare func(a, b T) int, fold func(a, b *tally), yield func(*tally, T) error) error {
	h := tallyHeap[T]{compare: compare}
	for _, t := range from {
		more, err := t.step()
		if err != nil {
			return err
		}
		if more {
			h.list = append(h.list, tallyHead[T]{t.rows[t.at].key(), t})
		}
	}
	for i := len(h.list)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
	var row tally // one for all, because yield may be anything
	for len(h.list) > 0 {
		t := h.list[0].from
		row = t.rows[t.at]
		word := t.word()
		if err := h.step(); err != nil {
			return err
		}
		for len(h.list) > 0 {
			t := h.list[0].from
			other := &t.rows[t.at]
			if other.bare != row.bare || compare(t.word(), word) != 0 {
				break
			}
			fold(&row, other)
			if err := h.step(); err != nil {
				return err
			}
		}
		if err := yield(&row, word); err != nil {
			return err
		}
	}
	return nil
}

// someTallies yields those of memory, whose places come in the lower halves of
// order.
func someTallies[T comparable](rows []tally, order []uint64, words []T) *tallies[T] {
	return &tallies[T]{words: words, fill: func(t *tallies[T]) error {
		n := min(len(order), batch)
		t.rows = t.rows[:0]
		for _, at := range order[:n] {
			t.rows = append(t.rows, rows[uint32(at)])
		}
		order = order[n:]
		return nil
	}}
}
