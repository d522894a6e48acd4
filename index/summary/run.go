package summary

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
)

// Scratch is a file that only its maker knows, for what waits to be merged.
type Scratch interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// run is the pages of all tables in a scratch file.
type run struct {
	level int // how often its rows were merged
	file  Scratch
	size  int64
	pages [Minutes + 1][]extent
}

// extent is where a page lies.
type extent struct {
	at   int64
	size int
}

func (r *run) put(p Page) error {
	if _, err := r.file.Write(p.Content); err != nil {
		return fmt.Errorf("scratch file: %w", err)
	}
	r.pages[p.Table] = append(r.pages[p.Table], extent{r.size, len(p.Content)})
	r.size += int64(len(p.Content))
	return nil
}

// read walks one table of a run.
func read[R any](r *run, c codec[R]) *cursor[R] {
	pages := r.pages[c.table]
	var buf []byte
	return &cursor[R]{fill: func() ([]R, error) {
		if len(pages) == 0 {
			return nil, nil
		}
		p := pages[0]
		pages = pages[1:]
		buf = append(buf[:0], make([]byte, p.size)...)
		if _, err := r.file.ReadAt(buf, p.at); err != nil {
			return nil, fmt.Errorf("scratch file: %w", err)
		}
		return c.decode(buf)
	}}
}

// inputs is where rows come from: memory and runs.
type inputs struct {
	builders []*Builder
	runs     []*run
}

// target is where merged rows go.
type target struct {
	scratch bool
	put     func(Page) error
	// do does what has to be done for each page, in order.
	do func(func() error) error
	// address and try see the rows of these tables, whole and in order; they may be nil.
	address func(*AddressRow)
	try     func(*TryRow)
}

// all puts the rows of all tables but the last two in order, and gives their
// pages to the target.
func (in *inputs) all(to *target) error {
	var from []*sortedRows
	for _, b := range in.builders {
		from = append(from, b.sort())
	}
	var cut deedLimit
	if err := one(in, to, kindCodec(kindReader{}), func(i int) *cursor[KindRow] { return from[i].kindRows() }, nil); err != nil {
		return err
	}
	if err := one(in, to, userCodec(), func(i int) *cursor[UserRow] { return from[i].userRows() }, nil); err != nil {
		return err
	}
	if err := in.tallies(from, to); err != nil {
		return err
	}
	if err := one(in, to, deedCodec(), func(i int) *cursor[DeedRow] { return from[i].deedRows() }, cut.keep); err != nil {
		return err
	}
	return one(in, to, minuteCodec(), func(i int) *cursor[MinuteRow] { return from[i].minuteRows() }, nil)
}

// one merges one table. keep, unless it is nil, says which rows stay.
func one[R any](in *inputs, to *target, c codec[R], memory func(i int) *cursor[R], keep func(*R) bool) error {
	var cursors []*cursor[R]
	for i := range in.builders {
		cursors = append(cursors, memory(i))
	}
	for _, r := range in.runs {
		cursors = append(cursors, read(r, c))
	}
	out := pages[R]{codec: c, limit: pageWeight, put: to.put, do: to.do}
	if to.scratch {
		out.limit = spillWeight
	}
	err := c.merge(cursors, func(r *R) error {
		if keep != nil && !keep(r) {
			return nil
		}
		return out.add(r)
	})
	if err != nil {
		return err
	}
	return out.close()
}

// tallies merges the tables of addresses and of tries.
func (in *inputs) tallies(from []*sortedRows, to *target) error {
	strands, tries := threadWording(), userWording()
	var strandsOf []*tallies[*Thread]
	var triesOf []*tallies[string]
	for _, s := range from {
		strandsOf, triesOf = append(strandsOf, s.strandTallies()), append(triesOf, s.tryTallies())
	}
	thread, user := strands.reader(), tries.reader()
	for _, r := range in.runs {
		strandsOf, triesOf = append(strandsOf, readTallies(r, strands, thread)), append(triesOf, readTallies(r, tries, user))
	}
	if to.scratch {
		if err := spillTallies(strandsOf, strands, to.put); err != nil {
			return err
		}
		return spillTallies(triesOf, tries, to.put)
	}
	addresses := pages[AddressRow]{codec: addressCodec(addressReader{}), limit: pageWeight, put: to.put, do: to.do, see: to.address, copy: copyAddress}
	group := addressGroup{yield: addresses.add, none: true}
	if err := mergeTallies(strandsOf, strands, group.add); err != nil {
		return err
	}
	if err := cmp.Or(group.end(), addresses.close()); err != nil {
		return err
	}
	out := pages[TryRow]{codec: tryCodec(tryReader{}), limit: pageWeight, put: to.put, do: to.do, see: to.try}
	var row TryRow // one for all, because it is another's to look at
	err := mergeTallies(triesOf, tries, func(r *tally, user string) error {
		row = TryRow{r.addr(), user, r.Sum}
		return out.add(&row)
	})
	return cmp.Or(err, out.close())
}

// spillTallies writes what comes in order to a scratch file.
func spillTallies[T comparable](from []*tallies[T], w wording[T], put func(Page) error) error {
	out := scratchPage[T]{wording: w, put: put, number: map[T]uint64{}}
	return cmp.Or(mergeTallies(from, w, out.add), out.close())
}

// fanIn is how many runs of one level are merged into one: fewer are merged
// more often, more take more memory, a decoded page each.
const fanIn = 16

// spill writes what the Builder holds to a scratch file, and merges runs where
// there are many.
func (b *Builder) spill() error {
	if err := b.write(inputs{builders: []*Builder{b}}, 0); err != nil {
		return err
	}
	b.reset()
	for {
		level, n := b.runs[len(b.runs)-1].level, 0
		for n < len(b.runs) && b.runs[len(b.runs)-1-n].level == level {
			n++
		}
		if n < fanIn {
			return nil
		}
		old := slices.Clone(b.runs[len(b.runs)-n:])
		b.runs = b.runs[:len(b.runs)-n]
		if err := b.write(inputs{runs: old}, level+1); err != nil {
			b.runs = append(b.runs, old...) // for Close
			return err
		}
		for _, r := range old {
			if err := r.file.Close(); err != nil {
				return fmt.Errorf("scratch file: %w", err)
			}
		}
	}
}

func (b *Builder) write(in inputs, level int) error {
	file, err := b.o.Scratch()
	if err != nil {
		return fmt.Errorf("scratch file: %w", err)
	}
	r := &run{level: level, file: file}
	b.runs = append(b.runs, r)
	return in.all(&target{scratch: true, put: r.put, do: now})
}

// Close gives up the scratch files.
func (b *Builder) Close() {
	for _, r := range b.runs {
		_ = r.file.Close()
	}
	b.runs = nil
}

// Merge puts together what Builders gathered, and gives the pages of one run
// to put, table by table in the order of their keys. The Builders, which were
// made with the same Actions and Blocks, are spent; there may be none.
func Merge(o Options, builders []*Builder, put func(Page) error) error {
	in := inputs{builders: builders}
	t := totals{Head: Head{About: map[uint8]int64{}}, actions: o.Actions}
	for _, p := range o.Blocks {
		t.Blocks = append(t.Blocks, Block{Prefix: p})
	}
	for _, b := range builders {
		defer b.Close()
		in.runs = append(in.runs, b.runs...)
		t.Named += b.events
		t.Times += b.times
		t.Odd = t.Odd || b.odd
	}
	if err := in.aside(&target{put: put, address: t.address, try: t.try}); err != nil {
		return err
	}
	if err := t.putLeaders(put); err != nil {
		return err
	}
	for action, n := range t.about {
		if n > 0 {
			t.About[uint8(action)] = n
		}
	}
	return put(encodeHead(&t.Head))
}

// pagesAhead is how many pages of rows may be merged before their turn.
const pagesAhead = 4

// errStopped says that the pages before could not be put.
var errStopped = errors.New("the merge was stopped")

// aside is all, with the rows merged on another core than the one that makes
// pages of them.
func (in *inputs) aside(to *target) error {
	work := make(chan func() error, pagesAhead)
	stop := make(chan struct{})
	to.do = func(do func() error) error {
		select {
		case work <- do:
			return nil
		case <-stop:
			return errStopped
		}
	}
	var merged error
	go func() {
		defer close(work)
		merged = in.all(to)
	}()
	var err error
	for do := range work {
		if err == nil {
			if err = do(); err != nil {
				close(stop)
			}
		}
	}
	return cmp.Or(err, merged)
}

// totals is what all addresses are together, and which of them lead.
type totals struct {
	Head
	about   counts
	actions Actions
	leaders leaders
	of      map[netip.Addr]*leader // once all addresses were seen
	tried   netip.Addr             // the address of the row of tries before
	leader  *leader                // who it is, if it leads
}

func (t *totals) address(r *AddressRow) {
	k := t.actions.rank(r)
	t.Head.add(r, &k, &t.about)
	t.leaders.add(r, k)
}

func (t *totals) try(r *TryRow) {
	if t.of == nil {
		t.of = map[netip.Addr]*leader{}
		for _, n := range t.leaders {
			t.of[n.addr] = n
		}
	}
	if r.Addr != t.tried {
		t.tried, t.leader = r.Addr, t.of[r.Addr]
	}
	if t.leader != nil {
		t.leader.try(r)
	}
}

func (t *totals) putLeaders(put func(Page) error) error {
	t.leaders.sort()
	out := pages[LeaderRow]{codec: leaderCodec(), limit: pageWeight, put: put, do: now}
	for _, n := range t.leaders {
		r := n.leaderRow()
		if err := out.add(&r); err != nil {
			return err
		}
	}
	return out.close()
}
