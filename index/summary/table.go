package summary

// Table is one of the tables of a run. Its number is part of the format.
type Table byte

// The tables, in the order in which a run holds them.
const (
	Kinds     Table = 1
	Users     Table = 2
	Addresses Table = 3
	Tries     Table = 4
	Deeds     Table = 5
	Minutes   Table = 6
	Leaders   Table = 7
	Heads     Table = 8 // one page
)

// codec is how rows of one table are ordered, added up and packed.
type codec[R any] struct {
	table   Table
	compare func(a, b *R) int
	// fold adds b to a, which has the same key. Nil: rows of one key stay apart.
	fold func(a, b *R)
	// weight is about how many bytes the row takes in a page.
	weight func(r *R) int
	// apart reports whether b, which follows a in a page of that weight, begins a new one. Nil: no row does.
	apart  func(a, b *R, weight int) bool
	encode func(rows []R) Page
	decode func(content []byte) ([]R, error)
}

// pages cuts rows that come in order into pages and gives each to put.
type pages[R any] struct {
	codec[R]
	limit  int
	put    func(Page) error
	do     func(func() error) error // does what makes a page of rows, now or later
	see    func(*R)                 // sees each row then; may be nil
	rows   []R
	weight int
	spare  chan []R // memory for rows, of pages that are done
}

// now is for pages that wait for nothing.
func now(do func() error) error { return do() }

func (p *pages[R]) add(r *R) error {
	w := p.codec.weight(r)
	if n := len(p.rows); n > 0 && (p.weight+w > p.limit || n >= maxRows || p.apart != nil && p.apart(&p.rows[n-1], r, p.weight)) {
		if err := p.close(); err != nil {
			return err
		}
	}
	p.rows = append(p.rows, *r)
	p.weight += w
	return nil
}

func (p *pages[R]) close() error {
	rows := p.rows
	if len(rows) == 0 {
		return nil
	}
	if p.spare == nil {
		p.spare = make(chan []R, pagesAhead+2)
	}
	p.rows, p.weight = nil, 0
	select {
	case p.rows = <-p.spare:
	default:
	}
	return p.do(func() error {
		if p.see != nil {
			for i := range rows {
				p.see(&rows[i])
			}
		}
		page := p.encode(rows)
		clear(rows)
		select {
		case p.spare <- rows[:0]:
		default:
		}
		return p.put(page)
	})
}

// cursor walks the rows of a table in their order.
type cursor[R any] struct {
	fill func() ([]R, error) // the next rows, none behind the last ones
	rows []R
	at   int
}

// row returns the current row, nil behind the last one.
func (c *cursor[R]) row() *R {
	if c.at < len(c.rows) {
		return &c.rows[c.at]
	}
	return nil
}

// step moves on to the next row; the first step is to the first one.
func (c *cursor[R]) step() error {
	if c.at++; c.at < len(c.rows) {
		return nil
	}
	var err error
	c.at = 0
	c.rows, err = c.fill()
	return err
}

// merge yields the rows of several cursors in order, those of one key added
// up. A row is valid until the next one.
func (c *codec[R]) merge(cursors []*cursor[R], yield func(*R) error) error {
	h := &heads[R]{compare: c.compare}
	for _, in := range cursors {
		if err := h.next(in); err != nil {
			return err
		}
	}
	var row R
	for len(h.list) > 0 {
		first := h.pop()
		row = *first.row()
		for c.fold != nil && len(h.list) > 0 && c.compare(h.list[0].row(), &row) == 0 {
			other := h.pop()
			c.fold(&row, other.row())
			if err := h.next(other); err != nil {
				return err
			}
		}
		// What the row refers to may be gone once its cursor moves on.
		if err := yield(&row); err != nil {
			return err
		}
		if err := h.next(first); err != nil {
			return err
		}
	}
	return nil
}

// heads is a heap of cursors, that with the first row on top.
type heads[R any] struct {
	compare func(a, b *R) int
	list    []*cursor[R]
}

// next moves a cursor that is not in the heap on to its next row, and puts it
// in unless there is none.
func (h *heads[R]) next(c *cursor[R]) error {
	if err := c.step(); err != nil || c.row() == nil {
		return err
	}
	h.list = append(h.list, c)
	i := len(h.list) - 1
	for i > 0 && h.less(i, (i-1)/2) {
		h.list[i], h.list[(i-1)/2] = h.list[(i-1)/2], h.list[i]
		i = (i - 1) / 2
	}
	return nil
}

func (h *heads[R]) less(i, j int) bool { return h.compare(h.list[i].row(), h.list[j].row()) < 0 }

func (h *heads[R]) pop() *cursor[R] {
	top, n := h.list[0], len(h.list)-1
	h.list[0] = h.list[n]
	h.list = h.list[:n]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < n; c++ {
			if h.less(c, least) {
				least = c
			}
		}
		if least == i {
			return top
		}
		h.list[i], h.list[least] = h.list[least], h.list[i]
		i = least
	}
}
