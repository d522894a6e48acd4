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
	copy   func(to, from *R)        // nil: rows refer to nothing that is used again
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
	p.weight += w
	if n := len(p.rows); p.copy != nil && n < cap(p.rows) {
		p.rows = p.rows[:n+1]
	} else {
		var none R
		p.rows = append(p.rows, none)
	}
	if to := &p.rows[len(p.rows)-1]; p.copy != nil {
		p.copy(to, r)
	} else {
		*to = *r
	}
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
		if p.copy == nil {
			clear(rows)
		}
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
		if err := in.step(); err != nil {
			return err
		}
		if in.row() != nil {
			h.list = append(h.list, in)
		}
	}
	for i := len(h.list)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
	var row R // one for all, because yield may be anything
	for len(h.list) > 0 {
		row = *h.list[0].row()
		for c.fold != nil {
			i := h.equal()
			if i == 0 {
				break
			}
			c.fold(&row, h.list[i].row())
			if err := h.step(i); err != nil {
				return err
			}
		}
		// What the row refers to may be gone once its cursor moves on.
		if err := yield(&row); err != nil {
			return err
		}
		if err := h.step(0); err != nil {
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

// equal is the place of a cursor whose row has the key of that on top, 0 where
// there is none: if there is one, one of them is right below the top.
func (h *heads[R]) equal() int {
	for i := 1; i < len(h.list) && i <= 2; i++ {
		if h.compare(h.list[0].row(), h.list[i].row()) == 0 {
			return i
		}
	}
	return 0
}

// step moves a cursor on to its next row, and takes it out if there is none.
func (h *heads[R]) step(i int) error {
	if err := h.list[i].step(); err != nil {
		return err
	}
	if h.list[i].row() == nil {
		last := len(h.list) - 1
		h.list[i] = h.list[last]
		h.list = h.list[:last]
	}
	h.sink(i)
	return nil
}

// sink moves a cursor down to its place.
func (h *heads[R]) sink(i int) {
	if i >= len(h.list) {
		return
	}
	own := h.list[i]
	for {
		least := 2*i + 1
		if least+1 < len(h.list) && h.compare(h.list[least+1].row(), h.list[least].row()) < 0 {
			least++
		}
		if least >= len(h.list) || h.compare(h.list[least].row(), own.row()) >= 0 {
			break
		}
		h.list[i] = h.list[least]
		i = least
	}
	h.list[i] = own
}
