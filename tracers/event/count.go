package event

import (
	"fmt"
	"slices"
	"strings"

	"stilltrace/index"
	"stilltrace/tracers/tally"
)

// Schema names the shape of Answer.
const Schema = "stilltrace.event/1"

// maxValues is how many different values one grouping follows. A site has
// thousands of users and a million client addresses; what a log names beyond
// that was most likely made up to fill a memory.
const maxValues = 1_000_000

// maxBytes bounds the memory of all groupings of one answer.
const maxBytes = 256 << 20

// Answer counts the events of a query.
type Answer struct {
	Schema string   `json:"schema"`
	Totals Totals   `json:"totals"`
	Counts []Counts `json:"counts"` // one per grouping, in the order in which they were asked for
}

// Totals are all events of the query together.
type Totals struct {
	Events int64      `json:"events"` // log entries: what List lists
	Count  int64      `json:"count"`  // occurrences: an entry that says "message repeated N times" counts N
	First  index.Time `json:"first"`  // null where no event has a time
	Last   index.Time `json:"last"`
}

// Counts is how the events divide by one of their properties.
type Counts struct {
	By       string      `json:"by"`
	Distinct int         `json:"distinct"` // how many different values there are, and rows
	Rows     []tally.Row `json:"rows"`     // the most frequent first, equally frequent ones in the order of their bytes
	None     int64       `json:"none"`     // occurrences that have no such value
	More     int64       `json:"more"`     // occurrences of values beyond the limit of memory; Distinct is too low where it is not 0
}

// grouping is one way to divide events.
type grouping struct {
	name   string
	values func(e *index.Event, to []string) []string
}

// usual are the groupings of an answer for which none is named.
var usual = []string{"service", "action", "level", "user", "ip"}

// groupings lists what events of a case can be counted by: what every event
// has, and what only its log's own format knows.
func groupings(r *index.Reader) []grouping {
	one := func(get func(e *index.Event) string) func(*index.Event, []string) []string {
		return func(e *index.Event, to []string) []string {
			if v := get(e); v != "" {
				to = append(to, v)
			}
			return to
		}
	}
	all := []grouping{
		{"service", one(func(e *index.Event) string { return e.Service })},
		{"action", one(func(e *index.Event) string { return e.Action.String() })},
		{"level", one(func(e *index.Event) string { return e.Level.String() })},
		{"user", one(func(e *index.Event) string { return e.User })},
		{"ip", one(about)},
		{"ips", mentioned},
		{"source", one(func(e *index.Event) string { return e.Source })},
		{"host", one(func(e *index.Event) string { return e.Host })},
		{"outcome", one(func(e *index.Event) string { return e.Outcome.String() })},
		{"clock", one(func(e *index.Event) string { return e.Clock.String() })},
		{"signature", one(func(e *index.Event) string { return e.Sign })},
	}
	for _, name := range r.Manifest().Fields {
		if !slices.ContainsFunc(all, func(g grouping) bool { return g.name == name }) {
			all = append(all, grouping{name, one(func(e *index.Event) string { return e.Get(name) })})
		}
	}
	return all
}

// mentioned are all addresses that the entry names, as a term ip: finds it by
// each of them: such an entry counts under every one.
func mentioned(e *index.Event, to []string) []string {
	for _, a := range e.IPs {
		to = append(to, a.String())
	}
	if e.IP.IsValid() && !slices.Contains(e.IPs, e.IP) {
		to = append(to, e.IP.String())
	}
	return to
}

// about is the address that the entry is about: what stands in a user's name
// or in the path of a request is not.
func about(e *index.Event) string {
	if !e.IP.IsValid() {
		return ""
	}
	return e.IP.String()
}

// Groupings returns the names that Count takes for this case.
func Groupings(r *index.Reader) []string {
	var names []string
	for _, g := range groupings(r) {
		names = append(names, g.name)
	}
	return names
}

// counter is one grouping at work.
type counter struct {
	grouping
	tally tally.Tally
	none  int64
}

// Count counts the events of the query by each of the named groupings; where
// none is named by service, action, level, user and ip. Its memory grows with the number of different
// values up to a limit, not with the number of events.
func Count(r *index.Reader, q index.Query, by []string) (*Answer, error) {
	counters, err := choose(r, by)
	if err != nil {
		return nil, err
	}
	s := &summed{r: r, q: q, counters: counters, room: &tally.Room{Values: maxValues, Bytes: maxBytes}}
	done, err := s.count()
	if err != nil {
		return nil, err
	}
	if done {
		return answer(s.totals, counters), nil
	}
	return scan(r, q, by)
}

// scan counts by reading the events.
func scan(r *index.Reader, q index.Query, by []string) (*Answer, error) {
	counters, err := choose(r, by)
	if err != nil {
		return nil, err
	}
	var totals Totals
	room := &tally.Room{Values: maxValues, Bytes: maxBytes}
	var values []string
	for e, err := range r.Scan(q) {
		if err != nil {
			return nil, err
		}
		times := tally.Times(e)
		totals.add(tally.Row{Count: times, Events: 1, First: tally.When(e), Last: tally.When(e)})
		for _, c := range counters {
			values = c.values(e, values[:0])
			if len(values) == 0 {
				c.none += times
			}
			for _, v := range values {
				c.tally.Add(v, times, tally.When(e), room)
			}
		}
	}
	return answer(totals, counters), nil
}

func (t *Totals) add(some tally.Row) {
	sum := tally.Row{Count: t.Count, Events: t.Events, First: t.First, Last: t.Last}
	sum.Fold(&some)
	*t = Totals{Events: sum.Events, Count: sum.Count, First: sum.First, Last: sum.Last}
}

func answer(totals Totals, counters []*counter) *Answer {
	a := &Answer{Schema: Schema, Totals: totals, Counts: []Counts{}}
	for _, c := range counters {
		a.Counts = append(a.Counts, Counts{
			By: c.name, Distinct: c.tally.Distinct(), Rows: c.tally.Top(0), None: c.none, More: c.tally.More(),
		})
	}
	return a
}

func choose(r *index.Reader, by []string) ([]*counter, error) {
	var chosen []*counter
	all := groupings(r)
	if len(by) == 0 {
		by = usual
	}
	for _, name := range by {
		i := slices.IndexFunc(all, func(g grouping) bool { return g.name == name })
		if i < 0 {
			return nil, fmt.Errorf("count by %q: no such grouping: one of %s", name, strings.Join(Groupings(r), ", "))
		}
		chosen = append(chosen, &counter{grouping: all[i]})
	}
	return chosen, nil
}
