package index

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shaped is an event as a test writes it: its lines, and what is said of it.
// Values are parts of the text where they can be found in it.
type shaped struct {
	raw     string
	at      string // RFC 3339
	pid     int
	ip      string
	ips     []string
	user    string
	message string
	fields  []Field
	sign    string
	count   int
}

// TestShapes writes events and reads them again, and looks at what it cost.
func TestShapes(t *testing.T) {
	ssh := func(day, from, user string, pid int) shaped {
		line := "Nov " + day + " 03:10:00 web01 sshd[" + itoa(pid) + "]: Failed password for invalid user " + user + " from " + from + " port 22 ssh2"
		return shaped{raw: line, at: "2026-11-" + strings.ReplaceAll(day, " ", "0") + "T02:10:00Z", pid: pid, ip: from, ips: []string{from}, user: user,
			message: line[strings.Index(line, "Failed"):], fields: []Field{{"port", "22"}}, sign: "Failed password for invalid user <user>"}
	}
	for name, c := range map[string]struct {
		events []shaped
		shapes int // how many differ; 0 is not asked
		rest   int // bytes that no shape could say
	}{
		"lines of one template": {events: []shaped{
			ssh("23", "203.0.113.7", "root", 812), ssh("23", "198.51.100.23", "alice", 1203), ssh("24", "203.0.113.7", "x", 7),
		}, shapes: 1},
		"IPv6, and a mapped address": {events: []shaped{ssh("23", "2001:db8::7", "root", 9), ssh("23", "203.0.113.7", "root", 9)}},
		"no stamp, and the time of the one before": {events: []shaped{
			{raw: "one", at: "2026-11-23T03:10:00.000000001Z"}, {raw: "two", at: "2026-11-23T03:10:00.000000001Z"}, {raw: "three", at: "2026-11-23T03:09:00Z"},
		}},
		"a time that is not its stamp's": {events: []shaped{{raw: "2026-11-23 03:10:00 said", at: "2026-11-23T03:10:07Z"}}},
		"values that are no part of the text": {events: []shaped{
			{raw: "uid=0x72", at: "2026-11-23T03:10:00Z", user: "root", message: "decoded", fields: []Field{{"a", "b"}, {"empty", ""}}, ip: "192.0.2.1", ips: []string{"192.0.2.1", "192.0.2.2"}, pid: 4},
			{raw: "uid=0x73", at: "2026-11-23T03:10:01Z", user: "sync", message: "decoded too", fields: []Field{{"a", "c"}, {"empty", ""}}, ip: "192.0.2.3", ips: []string{"192.0.2.3", "192.0.2.2"}, pid: 5},
		}, shapes: 2, rest: 8},
		"a value within a variable": {events: []shaped{{raw: `GET "/shop/cart?id=7" done`, at: "2026-11-23T03:10:00Z", message: "cart"}}, rest: 2},
		"several lines": {events: []shaped{
			{raw: "2026-11-23 03:10:00 error\n  File x\nValueError: 7", at: "2026-11-23T02:10:00Z", message: "error\n  File x\nValueError: 7", fields: []Field{{"exception", "ValueError"}, {"file", "File x"}}},
			{raw: "2026-11-23 03:10:01 error\n  File x\n  File y\nValueError: 8", at: "2026-11-23T02:10:01Z", message: "error\n  File x\n  File y\nValueError: 8", fields: []Field{{"exception", "ValueError"}, {"file", "File y"}}},
		}, shapes: 1, rest: 4},
		"CRLF, an empty line, a count": {events: []shaped{
			{raw: "message repeated 3 times\r", at: "2026-11-23T03:10:00Z", message: "message repeated 3 times", count: 3}, {raw: "", at: "2026-11-23T03:10:00Z"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, u := throughBlock(t, c.events)
			require.Equal(t, c.events, got)
			if c.shapes > 0 {
				require.Len(t, u.said, c.shapes)
			}
			if c.rest > 0 {
				require.Equal(t, c.rest, u.wrote)
			}
		})
	}
}

func itoa(n int) string {
	return strings.TrimLeft(string([]byte{byte('0' + n/1000), byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)}), "0")
}

// read is a segment that was read, and how long the column of the rest was.
type read struct {
	*eventsShared
	wrote int
}

// throughBlock writes events into a block, one after the other, and reads them.
func throughBlock(t *testing.T, events []shaped) ([]shaped, read) {
	t.Helper()
	var all []string
	for _, e := range events {
		all = append(all, e.raw)
	}
	raw := []byte(strings.Join(all, "\n") + "\n")
	b, err := NewSegmentBuilder()
	require.NoError(t, err)
	b.Reset(1, 100, 5)
	b.Begin(raw)
	at := 0
	for _, e := range events {
		entry := asEntry(t, e, raw, at)
		b.Add(entry)
		at = entry.End + 1
	}
	seg, err := b.Finish()
	require.NoError(t, err)
	o, err := newOpener()
	require.NoError(t, err)
	key := key32(0)
	p, err := o.parts(bucketSegment, key, seal(bucketSegment, key, seg.value))
	require.NoError(t, err)
	var s segmentReader
	require.NoError(t, s.open(p, 1))
	info := blockInfo{blockRow: seg.row.Blocks[0], Source: 1, Offset: 100, Line: 5}
	w := walk{segmentReader: &s, info: &info, filter: &filter{}, query: &Query{}}
	require.NoError(t, w.start())
	r := read{s.events, len(s.event.rest.b)}
	var got []shaped
	offset, line := int64(100), int64(5)
	require.NoError(t, w.run(func(e *Event) bool {
		require.Equal(t, offset, e.Offset)
		require.Equal(t, line, e.Line)
		offset, line = offset+int64(len(e.Raw))+1, e.LineEnd+1
		got = append(got, asShaped(*e))
		return true
	}))
	return got, r
}

func asEntry(t *testing.T, e shaped, raw []byte, at int) *Entry {
	own := raw[at : at+len(e.raw)]
	part := func(s string) []byte {
		if i := bytes.LastIndex(own, []byte(s)); i >= 0 && s != "" {
			return own[i : i+len(s)]
		}
		return []byte(s)
	}
	when, err := time.Parse(time.RFC3339Nano, e.at)
	require.NoError(t, err)
	entry := &Entry{Start: at, End: at + len(e.raw), Time: Time(when.UnixNano()), PID: e.pid, Count: e.count, User: part(e.user), Message: part(e.message), Signature: []byte(e.sign), Service: []byte("test")}
	if e.ip != "" {
		entry.IP = netip.MustParseAddr(e.ip)
	}
	for _, a := range e.ips {
		entry.IPs = append(entry.IPs, netip.MustParseAddr(a))
	}
	for _, f := range e.fields {
		entry.Fields = append(entry.Fields, EntryField{f.Name, part(f.Value)})
	}
	return entry
}

func asShaped(e Event) shaped {
	s := shaped{raw: e.Raw, at: time.Unix(0, int64(e.Time)).UTC().Format(time.RFC3339Nano), pid: e.PID, user: e.User, message: e.Message, fields: e.Fields, sign: e.Sign}
	if e.Count > 1 {
		s.count = e.Count
	}
	if e.IP.IsValid() {
		s.ip = e.IP.String()
	}
	for _, a := range e.IPs {
		s.ips = append(s.ips, a.String())
	}
	return s
}
