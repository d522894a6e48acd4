package summary

import (
	"cmp"
	"net/netip"
	"strings"
)

// DeedRow is one ban, its end, or one accepted credential. Of each address the
// earliest of either sort are kept.
type DeedRow struct {
	Addr netip.Addr
	Place
	Action  uint8
	Login   bool
	Service string
	User    string
	Jail    string
}

// maxDeeds is how many bans, and how many logins, are kept of one address.
const maxDeeds = 100

const (
	deedFour = iota // the address; only where it is a new one
	deedHigh
	deedLow
	deedMore // how many more deeds of the address follow in the page
	deedForm // number of what deeds have in common
	deedUser // of a login
	deedTime // ± units since the deed before
	deedLine // ± since the one before of the same source
	deedColumns
)

// deed is a ban or a login while it is in a Builder's memory.
type deed struct {
	bare
	Place
	kind  uint32
	user  int32
	login bool
}

func (d *deed) compare(e *deed) int {
	if c := d.bare.compare(e.bare); c != 0 {
		return c
	}
	if d.login != e.login {
		return cmp.Compare(flag(d.login), flag(e.login))
	}
	if d.Place == e.Place {
		return 0
	}
	if d.before(&e.Place) {
		return -1
	}
	return 1
}

// deedLimit holds deeds that come in order within the limit.
type deedLimit struct {
	last DeedRow
	kept int
}

func (l *deedLimit) keep(r *DeedRow) bool {
	if r.Addr != l.last.Addr || r.Login != l.last.Login {
		l.kept = 0
	}
	l.last = *r
	l.kept++
	return l.kept <= maxDeeds
}

// deedForms is what deeds of a page have in common.
type deedForms struct {
	Source  uint32
	Action  uint8
	Login   bool
	Service string
	Jail    string
}

func (r *DeedRow) form() deedForms {
	return deedForms{r.Source, r.Action, r.Login, r.Service, r.Jail}
}

func compareDeeds(a, b *DeedRow) int {
	if c := a.Addr.Compare(b.Addr); c != 0 {
		return c
	}
	if c := cmp.Compare(flag(a.Login), flag(b.Login)); c != 0 {
		return c
	}
	if a.Place != b.Place {
		if a.Place.before(&b.Place) {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Action, b.Action), strings.Compare(a.Service, b.Service), strings.Compare(a.User, b.User), strings.Compare(a.Jail, b.Jail))
}

func deedCodec() codec[DeedRow] {
	return codec[DeedRow]{
		table: Deeds, compare: compareDeeds,
		weight: func(r *DeedRow) int { return 8 + len(r.User)/4 + len(r.Service)/4 + len(r.Jail)/4 },
		encode: encodeDeeds, decode: decodeDeeds,
	}
}

func encodeDeeds(rows []DeedRow) Page {
	w := newPageWriter(len(rows), deedColumns)
	number := map[deedForms]uint64{}
	var forms []deedForms
	of := make([]uint64, len(rows))
	u := byte(0)
	for i := range rows {
		u = unit(u, rows[i].Time)
		f := rows[i].form()
		n, ok := number[f]
		if !ok {
			n = uint64(len(forms))
			number[f] = n
			forms = append(forms, f)
		}
		of[i] = n
	}
	w.byte(u)
	w.uint(uint64(len(forms)))
	for _, f := range forms {
		w.uint(uint64(f.Source))
		w.head = append(w.head, f.Action, byte(flag(f.Login)))
		w.uint(w.dict.add(f.Service))
		w.uint(w.dict.add(f.Jail))
	}
	var prev netip.Addr
	var last Place
	for i := 0; i < len(rows); {
		a := rows[i].Addr
		end := i
		for end < len(rows) && rows[end].Addr == a {
			end++
		}
		putAddress(w.cols[deedFour:], prev, a)
		prev = a
		w.cols[deedMore].put(uint64(end - i - 1))
		for ; i < end; i++ {
			r := &rows[i]
			w.cols[deedForm].put(of[i])
			if r.Login {
				w.cols[deedUser].put(w.dict.add(r.User))
			}
			w.cols[deedTime].signed(r.Time/units[u] - last.Time/units[u])
			w.cols[deedLine].signed(r.Line - last.Line)
			last = r.Place
		}
	}
	return w.finish(Deeds, Key(rows[0].Addr))
}

func decodeDeeds(content []byte) ([]DeedRow, error) {
	p, err := newPageReader(content, deedColumns)
	if err != nil {
		return nil, err
	}
	u := readUnit(&p.parser)
	forms := make([]deedForms, min(p.count(), maxRows))
	for i := range forms {
		forms[i] = deedForms{uint32(p.uint()), p.byte(), p.byte() != 0, p.text(p.uint()), p.text(p.uint())}
	}
	rows := make([]DeedRow, p.rows)
	var a netip.Addr
	var last Place
	more := uint64(0)
	for i := range rows {
		r := &rows[i]
		if more == 0 {
			a = getAddress(p.cols[deedFour:], a)
			more = p.cols[deedMore].get() + 1
		}
		more--
		n := p.cols[deedForm].get()
		if n >= uint64(len(forms)) {
			return nil, ErrPage
		}
		f := &forms[n]
		r.Addr, r.Source, r.Action, r.Login, r.Service, r.Jail = a, f.Source, f.Action, f.Login, f.Service, f.Jail
		if f.Login {
			r.User = p.text(p.cols[deedUser].get())
		}
		r.Time = (last.Time/u + p.cols[deedTime].signed()) * u
		r.Line = last.Line + p.cols[deedLine].signed()
		last = r.Place
		if p.bad || p.cols[deedForm].bad {
			return nil, ErrPage
		}
	}
	return rows, p.end()
}
