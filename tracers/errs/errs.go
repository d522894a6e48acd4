// Package errs is the tracer of errors: what went wrong on the host, each kind
// of trouble once, with how often, since when and where it stands.
//
// An error is an event whose level is err or worse, or whose action means a
// failure whatever its level, or the answer 5xx to a request; the table in
// category.go says which. Errors are the same if they have the same signature
// (their text with its variables masked), category and type.
package errs

import (
	"fmt"

	"stilltrace/index"
	"stilltrace/tracers/tally"
)

// Schema names the shape of Answer.
const Schema = "stilltrace.error/1"

// Kind is what the rows of this tracer are.
const Kind = "error"

// rowNames is how many services and sources a row shows; how many there are
// stands beside them.
const rowNames = 10

// Answer is the errors among the events of a query.
type Answer struct {
	Schema     string      `json:"schema"`
	Totals     Totals      `json:"totals"`
	Categories []tally.Row `json:"categories"` // the most frequent first
	More       More        `json:"more"`
	Rows       []*Row      `json:"rows"` // the most frequent first, then the earliest, then by signature
}

// Totals are all errors together, those without a row included.
type Totals struct {
	Errors int        `json:"errors"` // different ones: rows
	Count  int64      `json:"count"`  // occurrences: "message repeated N times" is N
	Events int64      `json:"events"` // log entries
	First  index.Time `json:"first"`
	Last   index.Time `json:"last"`
}

// More is what the limits of memory left out; all of it is 0 in any but a
// hostile case. Rows that exist are exact.
type More struct {
	Count  int64 `json:"count"`  // occurrences of errors that have no row
	Events int64 `json:"events"` // log entries of these
}

// Row is one kind of error.
type Row struct {
	Kind      string      `json:"kind"` // always Kind
	Signature string      `json:"signature"`
	Category  Category    `json:"category"`
	Type      string      `json:"type"`     // class of the exception, SQLSTATE, status of HTTP, else the action
	Severity  index.Level `json:"severity"` // the worst level among its events; "" where none names one
	Count     int64       `json:"count"`    // occurrences: "message repeated N times" is N
	Events    int64       `json:"events"`   // log entries
	First     index.Time  `json:"first"`    // null where none of its events has a time
	Last      index.Time  `json:"last"`

	Services         []string `json:"services"` // the most frequent first
	DistinctServices int      `json:"distinct_services"`
	Sources          []string `json:"sources"`
	DistinctSources  int      `json:"distinct_sources"`

	Hint     string   `json:"hint"`     // what such an error usually means, "" where nothing is known
	Example  string   `json:"example"`  // the message of the first, at most 2000 bytes of it
	Evidence []string `json:"evidence"` // where the first and the last stand
}

// Fields are the fields that a term may name: those of the events, and the
// category and type of an error.
func Fields(r *index.Reader) []index.FieldSpec {
	specs := ownFields()
	for _, s := range r.EventFields() {
		if s.Name != "category" && s.Name != "type" {
			specs = append(specs, s)
		}
	}
	return specs
}

func ownFields() []index.FieldSpec {
	return []index.FieldSpec{
		{Name: "category", Kind: index.Exact, Values: Categories(), Doc: "what is in trouble: database, memory, disk, network, ..."},
		{Name: "type", Kind: index.Exact, Doc: "class of the exception, SQLSTATE, status of HTTP, else the action"},
	}
}

// wanted is what a query's terms ask for.
type wanted struct {
	category []index.Condition
	kind     []index.Condition // on type
	events   []index.Term      // for the Reader
}

func split(terms []index.Term) (*wanted, error) {
	w := &wanted{}
	for _, t := range terms {
		if t.Field != "category" && t.Field != "type" {
			w.events = append(w.events, t)
			continue
		}
		c, ok := t.Compile(index.Exact)
		if !ok {
			return nil, fmt.Errorf("term %s: %s has no order: %s:VALUE", t, t.Field, t.Field)
		}
		if t.Field == "category" {
			w.category = append(w.category, c)
		} else {
			w.kind = append(w.kind, c)
		}
	}
	return w, nil
}

func (w *wanted) has(c Category, typ string) bool {
	return all(w.category, string(c)) && all(w.kind, typ)
}

func all(conds []index.Condition, v string) bool {
	for i := range conds {
		if !conds[i].Text(v) {
			return false
		}
	}
	return true
}

// Run answers the query. Its memory grows with the number of different errors
// up to a limit, not with the number of events.
func Run(r *index.Reader, q index.Query) (*Answer, error) {
	w, err := split(q.Terms)
	if err != nil {
		return nil, err
	}
	t := newTracer(w)
	q.Terms = w.events
	done, err := t.summaries(r, q)
	if err != nil {
		return nil, err
	}
	if done {
		return t.answer(), nil
	}
	t = newTracer(w)
	for e, err := range r.Scan(q) {
		if err != nil {
			return nil, err
		}
		t.event(e)
	}
	return t.answer(), nil
}
