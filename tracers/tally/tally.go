// Package tally counts values: how often each occurred, when first and when
// last. It stands below the tracers, which count users, services, sources and
// addresses with it. What it counts was written by strangers, so it follows a
// bounded number of values and says how much went beyond them.
package tally

import (
	"cmp"
	"slices"
	"strings"

	"stilltrace/index"
)

// indexFrom is the number of values from which a map is kept beside the list.
// Most tallies (the services of one address) hold fewer, and a list of a few
// is faster to search and a fraction of a map's size.
const indexFrom = 16

// rowBytes is what one followed value costs beside its text: its row, and its
// entry in the map.
const rowBytes = 96

// Times returns how often the thing happened that e reports: at least once.
func Times(e *index.Event) int64 { return index.Times(e.Count) }

// When returns when the thing happened that e reports: unknown where the time
// of the capture merely stands in for it.
func When(e *index.Event) index.Time {
	if e.Clock == index.ClockCapture {
		return 0
	}
	return e.Time
}

// Row is one value and how often it was seen.
type Row struct {
	Value  string     `json:"value"`
	Count  int64      `json:"count"`  // occurrences: a message repeated N times counts N
	Events int64      `json:"events"` // log entries: a message repeated N times is one
	First  index.Time `json:"first"`  // unknown where no event of it has a time
	Last   index.Time `json:"last"`
}

// Count is how often a name occurs.
type Count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Counts lists m without the empty name, by falling count, then by name.
func Counts(m map[string]int) []Count {
	list := make([]Count, 0, len(m))
	for name, n := range m {
		if name != "" {
			list = append(list, Count{name, n})
		}
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name))
	})
	return list
}

// Room is the memory that the tallies of one answer share. Once it is used up
// no tally follows a further value; those that are followed stay exact.
type Room struct {
	Values int   // most values that one tally follows
	Bytes  int64 // left for all of them
}

// Tally counts values. Its zero value is empty and ready.
type Tally struct {
	rows  []Row
	place map[string]int // of each value in rows; nil while they are few
	more  int64
}

// Add counts one event in which value occurred the given number of times.
func (t *Tally) Add(value string, times int64, at index.Time, room *Room) {
	t.Put(Row{value, times, 1, at, at}, room)
}

// Put counts some events of one value.
func (t *Tally) Put(r Row, room *Room) {
	i := t.find(r.Value)
	if i < 0 {
		if i = t.insert(r.Value, room); i < 0 {
			t.more += r.Count
			return
		}
	}
	t.rows[i].Fold(&r)
}

// Lose counts occurrences of values that nobody knows any more.
func (t *Tally) Lose(times int64) { t.more += times }

// Fold adds what o counts.
func (r *Row) Fold(o *Row) {
	r.Count += o.Count
	r.Events += o.Events
	r.First, _ = Span(r.First, r.Last, o.First)
	_, r.Last = Span(r.First, r.Last, o.Last)
}

// Span widens the time from first to last so that it holds at; an unknown time
// changes nothing.
func Span(first, last, at index.Time) (index.Time, index.Time) {
	if at == 0 {
		return first, last
	}
	if first == 0 || at < first {
		first = at
	}
	if last == 0 || at > last {
		last = at
	}
	return first, last
}

func (t *Tally) find(value string) int {
	if t.place != nil {
		if i, ok := t.place[value]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(t.rows, func(r Row) bool { return r.Value == value })
}

func (t *Tally) insert(value string, room *Room) int {
	cost := int64(len(value) + rowBytes)
	if len(t.rows) >= room.Values || cost > room.Bytes {
		return -1
	}
	room.Bytes -= cost
	// The event's text may be a part of a much larger one, which must not stay in memory with it.
	value = strings.Clone(value)
	t.rows = append(t.rows, Row{Value: value})
	switch n := len(t.rows); {
	case t.place != nil:
		t.place[value] = n - 1
	case n == indexFrom:
		t.place = make(map[string]int, 2*n)
		for i := range t.rows {
			t.place[t.rows[i].Value] = i
		}
	}
	return len(t.rows) - 1
}

// Distinct returns how many different values are followed. Where More is not
// 0 there were others.
func (t *Tally) Distinct() int { return len(t.rows) }

// More returns the occurrences of values that are not followed.
func (t *Tally) More() int64 { return t.more }

// Top returns the n values that occurred most, the most frequent first and
// equally frequent ones in the order of their bytes; all of them where n is 0.
// It is never nil.
func (t *Tally) Top(n int) []Row {
	rows := make([]Row, len(t.rows))
	copy(rows, t.rows)
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	if n > 0 && len(rows) > n {
		rows = slices.Clip(rows[:n])
	}
	return rows
}

// Names returns the values of Top(n).
func (t *Tally) Names(n int) []string {
	rows := t.Top(n)
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = rows[i].Value
	}
	return names
}
