// Package event is the tracer of single log entries: it lists those that a
// query asks for, and counts them by what they have in common.
package event

import (
	"encoding/base64"
	"iter"
	"net/netip"
	"unicode/utf8"

	"stilltrace/index"
)

// Row is one event as it is handed to other programs. The JSON names are a
// contract. Where something is not known a text is "", a number 0, a list empty
// and a time null; an address that the entry does not name is "", which is
// netip's own text for it.
type Row struct {
	ID      string      `json:"id"`
	Time    index.Time  `json:"time"`
	Clock   index.Clock `json:"clock"`
	Source  string      `json:"source"` // path as captured
	Line    int64       `json:"line"`   // first and last line in the source, counted from 1
	LineEnd int64       `json:"line_end"`
	Offset  int64       `json:"offset"` // of its first byte in the source

	Host      string            `json:"host"`
	Service   string            `json:"service"`
	PID       int               `json:"pid"`
	Level     index.Level       `json:"level"`
	Action    index.Action      `json:"action"`
	Outcome   index.Outcome     `json:"outcome"`
	User      string            `json:"user"`
	IP        netip.Addr        `json:"ip"`
	IPs       []netip.Addr      `json:"ips"`
	Message   string            `json:"message"`
	Count     int               `json:"count"`
	Signature string            `json:"signature"`
	Fields    map[string]string `json:"fields"` // what only its format knows; written in the order of the names

	Raw string `json:"raw"`
	// RawB64 is the entry's exact bytes, in base64 (RFC 4648 section 4), where they are not UTF-8: JSON can only hold text.
	RawB64 string `json:"raw_b64,omitzero"`
}

// Evidence is the place of the entry: /var/log/auth.log:812.
func (r *Row) Evidence() string { return (&index.Event{Source: r.Source, Line: r.Line}).Place() }

// List yields the events of the query in the order of time, then source, then
// offset. It holds one event at a time. After an error it ends.
func List(r *index.Reader, q index.Query) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		for e, err := range r.Events(q) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(rowOf(e), nil) {
				return
			}
		}
	}
}

func rowOf(e *index.Event) *Row {
	row := &Row{
		ID: e.ID, Time: e.Time, Clock: e.Clock,
		Source: e.Source, Line: e.Line, LineEnd: e.LineEnd, Offset: e.Offset,
		Host: e.Host, Service: e.Service, PID: e.PID,
		Level: e.Level, Action: e.Action, Outcome: e.Outcome,
		User: e.User, IP: e.IP, IPs: e.IPs,
		Message: e.Message, Count: max(e.Count, 1), Signature: e.Sign,
		Fields: make(map[string]string, len(e.Fields)),
		Raw:    e.Raw,
	}
	if row.IPs == nil {
		row.IPs = []netip.Addr{}
	}
	for _, f := range e.Fields {
		// The first of a name is the one that a term finds.
		if _, ok := row.Fields[f.Name]; !ok {
			row.Fields[f.Name] = f.Value
		}
	}
	if !utf8.ValidString(e.Raw) || !utf8.ValidString(e.Message) {
		row.RawB64 = base64.StdEncoding.EncodeToString([]byte(e.Raw))
	}
	return row
}
