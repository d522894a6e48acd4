package summary

import (
	"cmp"
	"strings"
)

// Kind is what events of one kind share.
type Kind struct {
	Class
	Source    uint32
	Clock     uint8
	Status    uint8 // class of the answer to a request, 1 to 5; 0 where there is none
	Undated   bool  // the events have no time of their own, or it is 0: their times only order them
	Service   string
	Host      string
	Type      string // class of an exception, state of SQL or status of HTTP, where the entry names one
	Jail      string // of fail2ban
	Signature string
}

// Class is the part of a Kind by which a reader can leave out others: kinds of
// one class lie together.
type Class struct {
	Action  uint8
	Level   uint8
	Outcome uint8
}

func (c Class) compare(d Class) int {
	return cmp.Or(cmp.Compare(c.Action, d.Action), cmp.Compare(c.Level, d.Level), cmp.Compare(c.Outcome, d.Outcome))
}

// KindRow is the events of one kind. Its source orders them too, so a Place
// is a time and a line of it.
type KindRow struct {
	Kind
	Sum
	FirstLine, LastLine int64
	// Kept tells that Example is the message of the earliest event, or its head; FirstOffset is that event's.
	Kept        bool
	FirstOffset int64
	Example     string
}

// End is where the earliest event stands, and where the latest.
func (r *KindRow) End() (first, last Place) {
	return Place{r.First, r.Source, r.FirstLine}, Place{r.Last, r.Source, r.LastLine}
}

func compareKinds(a, b *KindRow) int {
	if c := a.Class.compare(b.Class); c != 0 {
		return c
	}
	if c := strings.Compare(a.Signature, b.Signature); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(a.Source, b.Source), cmp.Compare(a.Clock, b.Clock), cmp.Compare(a.Status, b.Status), cmp.Compare(flag(a.Undated), flag(b.Undated)),
		strings.Compare(a.Service, b.Service), strings.Compare(a.Host, b.Host), strings.Compare(a.Type, b.Type), strings.Compare(a.Jail, b.Jail))
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func foldKinds(a, b *KindRow) {
	earlier := b.First < a.First || b.First == a.First && (b.FirstLine < a.FirstLine || b.FirstLine == a.FirstLine && b.FirstOffset < a.FirstOffset)
	if earlier {
		a.FirstLine, a.FirstOffset, a.Example = b.FirstLine, b.FirstOffset, b.Example
	}
	if b.Last > a.Last || b.Last == a.Last && b.LastLine > a.LastLine {
		a.LastLine = b.LastLine
	}
	a.Kept = a.Kept || b.Kept
	a.Sum.fold(&b.Sum)
}

// mixedWeight is how far kinds of several classes share a page: a small case
// has one page of them, and of a large one a question reads few that it does not want.
const mixedWeight = 4 << 10

// The columns of a page of kinds.
const (
	kindClass = iota // number of the class in the page
	kindSource
	kindForm    // clock, status, undated and kept, as one number
	kindService // texts, by number
	kindHost
	kindType
	kindJail
	kindSignature
	kindEvents
	kindCount // above events
	kindFirst // ± units since the row before
	kindLast  // units since first
	kindLine  // first line
	kindLines // ± to the last line
	kindOffset
	kindExample
	kindColumns
)

func kindCodec(r kindReader) codec[KindRow] {
	return codec[KindRow]{
		table: Kinds, compare: compareKinds, fold: foldKinds,
		weight: func(r *KindRow) int { return 16 + (len(r.Signature)+len(r.Example))/4 + len(r.Type) },
		apart:  func(a, b *KindRow, weight int) bool { return a.Class != b.Class && weight > mixedWeight },
		encode: encodeKinds, decode: r.decode,
	}
}

func encodeKinds(rows []KindRow) Page {
	w := newPageWriter(len(rows), kindColumns)
	number := putClasses(w, rows)
	u := byte(0)
	for i := range rows {
		u = unit(unit(u, rows[i].First), rows[i].Last)
	}
	w.byte(u)
	prev := int64(0)
	for i := range rows {
		r := &rows[i]
		form := uint64(r.Clock)<<5 | uint64(r.Status)<<2 | flag(r.Undated)<<1 | flag(r.Kept)
		for c, v := range [...]uint64{number[r.Class], uint64(r.Source), form, w.dict.add(r.Service), w.dict.add(r.Host), w.dict.add(r.Type), w.dict.add(r.Jail),
			w.dict.add(r.Signature), uint64(r.Events) - 1, uint64(r.Count - r.Events),
			zigzag(r.First/units[u] - prev), uint64(r.Last/units[u] - r.First/units[u]), uint64(r.FirstLine), zigzag(r.LastLine - r.FirstLine)} {
			w.cols[c].put(v)
		}
		prev = r.First / units[u]
		if r.Kept {
			w.cols[kindOffset].put(uint64(r.FirstOffset))
			w.cols[kindExample].put(w.dict.add(r.Example))
		}
	}
	return w.finish(Kinds, append(rows[0].key(), rows[len(rows)-1].key()...))
}

func (c Class) key() []byte { return []byte{c.Action, c.Level, c.Outcome} }

// putClasses writes the classes of the rows, which come in their order.
func putClasses(w *pageWriter, rows []KindRow) map[Class]uint64 {
	number := map[Class]uint64{}
	var list []Class
	for i := range rows {
		if c := rows[i].Class; len(list) == 0 || list[len(list)-1] != c {
			number[c] = uint64(len(list))
			list = append(list, c)
		}
	}
	w.uint(uint64(len(list)))
	for _, c := range list {
		w.head = append(w.head, c.key()...)
	}
	return number
}

// kindReader decodes pages of kinds.
type kindReader struct {
	reuse bool // the rows of one page are gone with the next one
	rows  []KindRow
}

func (k *kindReader) decode(content []byte) ([]KindRow, error) {
	p, err := newPageReader(content, kindColumns)
	if err != nil {
		return nil, err
	}
	classes := make([]Class, min(p.count(), maxRows))
	for i := range classes {
		classes[i] = Class{p.byte(), p.byte(), p.byte()}
	}
	u := readUnit(&p.parser)
	rows := k.rows
	if k.reuse && p.rows <= cap(rows) {
		rows = rows[:p.rows]
		clear(rows)
	} else {
		rows = make([]KindRow, p.rows)
		k.rows = rows
	}
	prev := int64(0)
	get := func(c int) uint64 { return p.cols[c].get() }
	for i := range rows {
		r := &rows[i]
		class := get(kindClass)
		if class >= uint64(len(classes)) {
			return nil, ErrPage
		}
		r.Class, r.Source = classes[class], uint32(get(kindSource))
		form := get(kindForm)
		r.Clock, r.Status, r.Undated, r.Kept = uint8(form>>5), uint8(form>>2&7), form&2 != 0, form&1 != 0
		r.Service, r.Host, r.Type = p.text(get(kindService)), p.text(get(kindHost)), p.text(get(kindType))
		r.Jail, r.Signature = p.text(get(kindJail)), p.text(get(kindSignature))
		r.Events = p.positive(get(kindEvents)) + 1
		r.Count = p.positive(get(kindCount)) + r.Events
		prev += unzigzag(get(kindFirst))
		r.First = prev * u
		r.Last = (prev + int64(get(kindLast))) * u
		r.FirstLine = p.positive(get(kindLine))
		r.LastLine = r.FirstLine + unzigzag(get(kindLines))
		if r.Kept {
			r.FirstOffset = p.positive(get(kindOffset))
			r.Example = p.text(get(kindExample))
		}
		if p.bad || p.cols[kindSource].bad {
			return nil, ErrPage
		}
	}
	return rows, p.end()
}

// classesOf returns the first and the last class of the kinds in the page of
// that key.
func classesOf(key []byte) (first, last Class, err error) {
	if len(key) != 6 {
		return first, last, ErrPage
	}
	return Class{key[0], key[1], key[2]}, Class{key[3], key[4], key[5]}, nil
}
