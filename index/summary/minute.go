package summary

import (
	"cmp"
	"encoding/binary"
)

// minute is how many nanoseconds one has.
const minute = 60_000_000_000

// MinuteRow is the events of one source within one minute of UTC. Events
// whose time is that of the capture are in none. Of its times 0 is unknown.
type MinuteRow struct {
	Minute int64 // since 1970
	Source uint32
	Sum
}

// group is how many minutes lie together in a page, source by source: the
// next minute of the same source packs to nearly nothing.
const group = 256

func groupOf(m int64) int64 { return m >> 8 }

// MinuteOf returns the minute in which a time lies.
func MinuteOf(t int64) int64 {
	m := t / minute
	if t%minute < 0 {
		m--
	}
	return m
}

const (
	minuteSource = iota // ± to the one before
	minuteMinute        // ± to the one before
	minuteEvents        // less one
	minuteCount         // above events
	minuteFirst         // 0: unknown; else 1 + units since the minute began
	minuteLast          // units until the minute ends; only where first is known
	minuteColumns
)

func minuteCodec() codec[MinuteRow] {
	return codec[MinuteRow]{
		table: Minutes,
		compare: func(a, b *MinuteRow) int {
			return cmp.Or(cmp.Compare(groupOf(a.Minute), groupOf(b.Minute)), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Minute, b.Minute))
		},
		fold:   func(a, b *MinuteRow) { a.span(&b.Sum) },
		weight: func(*MinuteRow) int { return 6 },
		encode: encodeMinutes, decode: decodeMinutes,
	}
}

// MinuteKey is the part of a page's key that says in which group of minutes
// the page begins.
func MinuteKey(m int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(groupOf(m))^1<<63)
}

func encodeMinutes(rows []MinuteRow) Page {
	w := newPageWriter(len(rows), minuteColumns)
	// The unit of a source is that of the page's rows of it.
	var sources []uint32
	unitOf := map[uint32]byte{}
	for i := range rows {
		r := &rows[i]
		u, ok := unitOf[r.Source]
		if !ok {
			sources = append(sources, r.Source)
		}
		unitOf[r.Source] = unit(unit(u, r.First), r.Last)
	}
	w.uint(uint64(len(sources)))
	for _, s := range sources {
		w.uint(uint64(s))
		w.byte(unitOf[s])
	}
	var prev MinuteRow
	for i := range rows {
		r := &rows[i]
		u := units[unitOf[r.Source]]
		w.cols[minuteSource].signed(int64(r.Source) - int64(prev.Source))
		w.cols[minuteMinute].signed(r.Minute - prev.Minute)
		w.cols[minuteEvents].put(uint64(r.Events) - 1)
		w.cols[minuteCount].put(uint64(r.Count - r.Events))
		if r.First == 0 {
			w.cols[minuteFirst].put(0)
		} else {
			start := r.Minute * minute
			w.cols[minuteFirst].put(uint64((r.First-start)/u) + 1)
			w.cols[minuteLast].put(uint64((start + minute - r.Last) / u))
		}
		prev = *r
	}
	return w.finish(Minutes, MinuteKey(rows[0].Minute))
}

func decodeMinutes(content []byte) ([]MinuteRow, error) {
	p, err := newPageReader(content, minuteColumns)
	if err != nil {
		return nil, err
	}
	unitOf := map[uint32]int64{}
	for range p.count() {
		s := uint32(p.uint())
		unitOf[s] = readUnit(&p.parser)
		if p.bad {
			return nil, ErrPage
		}
	}
	rows := make([]MinuteRow, p.rows)
	var prev MinuteRow
	for i := range rows {
		r := &rows[i]
		r.Source = uint32(int64(prev.Source) + p.cols[minuteSource].signed())
		r.Minute = prev.Minute + p.cols[minuteMinute].signed()
		r.Events = p.positive(p.cols[minuteEvents].get()) + 1
		r.Count = r.Events + p.positive(p.cols[minuteCount].get())
		if d := p.cols[minuteFirst].get(); d > 0 {
			u := unitOf[r.Source]
			start := r.Minute * minute
			r.First = start + int64(d-1)*u
			r.Last = start + minute - int64(p.cols[minuteLast].get())*u
		}
		prev = *r
		if p.bad || p.cols[minuteMinute].bad {
			return nil, ErrPage
		}
	}
	return rows, p.end()
}
