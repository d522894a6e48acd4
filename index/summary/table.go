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
	Heads     Table = 7 // one page: the totals, and the addresses that come first
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
	rows   []R
	weight int
}

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
	if len(p.rows) == 0 {
		return nil
	}
	err := p.put(p.encode(p.rows))
	clear(p.rows)
	p.rows, p.weight = p.rows[:0], 0
	return err
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
	live := cursors[:0:0]
	for _, in := range cursors {
		if err := in.step(); err != nil {
			return err
		}
		if in.row() != nil {
			live = append(live, in)
		}
	}
	var same []int
	for len(live) > 0 {
		same = append(same[:0], 0)
		for i := 1; i < len(live); i++ {
			switch order := c.compare(live[i].row(), live[same[0]].row()); {
			case order < 0:
				same = append(same[:0], i)
			case order == 0 && c.fold != nil:
				same = append(same, i)
			}
		}
		row := *live[same[0]].row()
		for _, i := range same[1:] {
			c.fold(&row, live[i].row())
		}
		if err := yield(&row); err != nil {
			return err
		}
		for k := len(same) - 1; k >= 0; k-- {
			in := live[same[k]]
			if err := in.step(); err != nil {
				return err
			}
			if in.row() == nil {
				live = append(live[:same[k]], live[same[k]+1:]...)
			}
		}
	}
	return nil
}
