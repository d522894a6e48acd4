package summary

// tallies yields the tallies of one origin in their order, some at a time.
type tallies[T comparable] struct {
	fill  func(t *tallies[T]) error // fetches the next ones, none behind the last
	rows  []tally
	words []T      // what the numbers in the rows stand for
	heads []uint32 // of the words, see wording
	at    int
}

// word is the thread or the user of the current row.
func (t *tallies[T]) word() T { return t.words[t.rows[t.at].what] }

// key ascends with the addresses and words of rows; different ones may have the
// same.
func (t *tallies[T]) key() uint64 {
	r := &t.rows[t.at]
	if r.is4() {
		return r.low<<headBits | uint64(t.heads[r.what])
	}
	return 1<<63 | r.high>>1
}

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
	key  uint64 // of its row
	from *tallies[T]
}

func (h *tallyHeap[T]) less(a, b *tallyHead[T]) bool {
	return a.key < b.key || a.key == b.key && h.tie(a.from, b.from) < 0
}

// tie compares rows of one key.
func (h *tallyHeap[T]) tie(a, b *tallies[T]) int {
	x, y := &a.rows[a.at], &b.rows[b.at]
	if x.bare != y.bare {
		return x.bare.compare(y.bare)
	}
	return h.compare(a.word(), b.word())
}

func (h *tallyHeap[T]) sink(i int) {
	list := h.list
	if i >= len(list) {
		return
	}
	own := list[i]
	for {
		c := 2*i + 1
		if c >= len(list) {
			break
		}
		if c+1 < len(list) && h.less(&list[c+1], &list[c]) {
			c++
		}
		if !h.less(&list[c], &own) {
			break
		}
		list[i] = list[c]
		i = c
	}
	list[i] = own
}

// step moves the origin on top on.
func (h *tallyHeap[T]) step() error {
	t := h.list[0].from
	more, err := t.step()
	if err != nil {
		return err
	}
	if more {
		h.list[0].key = t.key()
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
func mergeTallies[T comparable](from []*tallies[T], w wording[T], yield func(*tally, T) error) error {
	h := tallyHeap[T]{compare: w.compare}
	for _, t := range from {
		more, err := t.step()
		if err != nil {
			return err
		}
		if more {
			h.list = append(h.list, tallyHead[T]{t.key(), t})
		}
	}
	for i := len(h.list)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
	var row tally // one for all, because yield may be anything
	for len(h.list) > 0 {
		top := h.list[0]
		row = top.from.rows[top.from.at]
		word := top.from.word()
		if err := h.step(); err != nil {
			return err
		}
		for len(h.list) > 0 && h.list[0].key == top.key {
			t := h.list[0].from
			other := &t.rows[t.at]
			if other.bare != row.bare || w.compare(t.word(), word) != 0 {
				break
			}
			w.fold(&row, other)
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
func someTallies[T comparable](rows []tally, order []uint64, words []T, w wording[T]) *tallies[T] {
	heads := make([]uint32, len(words))
	for i, word := range words {
		heads[i] = w.head(word)
	}
	return &tallies[T]{words: words, heads: heads, fill: func(t *tallies[T]) error {
		n := min(len(order), batch)
		t.rows = t.rows[:0]
		for _, at := range order[:n] {
			t.rows = append(t.rows, rows[uint32(at)])
		}
		order = order[n:]
		return nil
	}}
}
