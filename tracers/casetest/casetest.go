// Package casetest makes small case files for the tests of the tracers: real
// files, through index's own Writer, so that a tracer is tested on what it will
// read.
package casetest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// blockEvents is how many events go into one block. It is small, so that also
// a small case has blocks that a question can leave out.
const blockEvents = 64

// Source is one log of a case.
type Source struct {
	Path   string
	Events []Event
}

// Event is one entry of a log and what its format made of it.
type Event struct {
	Raw     string // without the last newline; the message, where it is empty
	Time    index.Time
	Clock   index.Clock
	Host    string
	Service string
	PID     int
	Level   index.Level
	Action  index.Action
	Outcome index.Outcome
	User    string
	IP      string   // whom the entry is about
	IPs     []string // all of its addresses; IP alone, where it is nil
	Message string
	Count   int
	Sign    string // the message, where it is empty
	Fields  []index.Field
}

// Open writes a case of the sources and sockets into a directory of the test,
// and opens it.
func Open(t testing.TB, sources []Source, sockets ...index.Socket) *index.Reader {
	t.Helper()
	return OpenOf(t, index.Host{}, sources, sockets...)
}

// OpenOf is Open for a host of which more is known.
func OpenOf(t testing.TB, host index.Host, sources []Source, sockets ...index.Socket) *index.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "case.db")
	w, err := index.Create(path, index.CreateOptions{Tool: "casetest"})
	require.NoError(t, err)
	defer w.Abort()
	for i := range sockets {
		require.NoError(t, w.AddSocket(&sockets[i]))
	}
	for i := range sources {
		add(t, w, &sources[i])
	}
	_, err = w.Commit(index.Snapshot{Live: true, Host: host})
	require.NoError(t, err)
	r, err := index.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func add(t testing.TB, w *index.Writer, s *Source) {
	t.Helper()
	b, err := w.NewSegmentBuilder()
	require.NoError(t, err)
	row := index.Source{ID: w.BeginSource(), Path: s.Path, Format: "casetest", Events: int64(len(s.Events))}
	sum := sha256.New()
	for rest := s.Events; len(rest) > 0; {
		part := rest[:min(len(rest), blockEvents)]
		rest = rest[len(part):]
		var text strings.Builder
		for i := range part {
			text.WriteString(raw(&part[i]) + "\n")
		}
		bytes := []byte(text.String())
		sum.Write(bytes)
		b.Reset(row.ID, row.Bytes, row.Lines+1)
		b.Begin(bytes)
		at := 0
		for i := range part {
			e := entry(t, &part[i], bytes[at:])
			e.Start, e.End = at, at+len(raw(&part[i]))
			row.Lines += 1 + int64(strings.Count(raw(&part[i]), "\n"))
			at = e.End + 1
			b.Add(e)
		}
		row.Bytes += int64(len(bytes))
		segment, err := b.Finish()
		require.NoError(t, err)
		require.NoError(t, w.AddSegment(segment))
	}
	row.Size, row.SHA256 = row.Bytes, hex.EncodeToString(sum.Sum(nil))
	require.NoError(t, w.EndSource(row))
}

func raw(e *Event) string {
	if e.Raw == "" {
		return e.Message
	}
	return e.Raw
}

func entry(t testing.TB, e *Event, text []byte) *index.Entry {
	t.Helper()
	message := []byte(e.Message)
	// Within the raw text the message is kept as a range of it, as a real format's is.
	if i := strings.Index(raw(e), e.Message); e.Message != "" && i >= 0 {
		message = text[i : i+len(e.Message)]
	}
	out := &index.Entry{
		Time: e.Time, Clock: e.Clock, Level: e.Level, Action: e.Action, Outcome: e.Outcome, PID: e.PID, Count: e.Count,
		Host: []byte(e.Host), Service: []byte(e.Service), User: []byte(e.User), Message: message, Signature: []byte(e.Sign),
	}
	if e.Sign == "" {
		out.Signature = message
	}
	if e.IP != "" {
		out.IP = addr(t, e.IP)
		out.IPs = []netip.Addr{out.IP}
	}
	if e.IPs != nil {
		out.IPs = nil
		for _, a := range e.IPs {
			out.IPs = append(out.IPs, addr(t, a))
		}
	}
	for _, f := range e.Fields {
		out.Fields = append(out.Fields, index.EntryField{Name: f.Name, Value: []byte(f.Value)})
	}
	return out
}

func addr(t testing.TB, s string) netip.Addr {
	t.Helper()
	a, err := netip.ParseAddr(s)
	require.NoError(t, err)
	return a
}

// At returns the time that s names in RFC 3339.
func At(t testing.TB, s string) index.Time {
	t.Helper()
	var out index.Time
	require.NoError(t, out.UnmarshalJSON([]byte(`"`+s+`"`)))
	return out
}

// Term reads field:value, with a minus before it to exclude, as a term.
func Term(t testing.TB, s string) index.Term {
	t.Helper()
	body, not := strings.CutPrefix(s, "-")
	for _, op := range []index.Op{index.AtLeast, index.AtMost, index.Is, index.Above, index.Below} {
		if field, value, ok := strings.Cut(body, string(op)); ok && !strings.Contains(field, ":") {
			return index.Term{Field: field, Op: op, Value: value, Not: not}
		}
	}
	require.Failf(t, "not a term", "%q", s)
	return index.Term{}
}

// Query returns the query of these terms on the only snapshot.
func Query(t testing.TB, terms ...string) index.Query {
	t.Helper()
	q := index.Query{Snapshot: 1}
	for _, s := range terms {
		q.Terms = append(q.Terms, Term(t, s))
	}
	return q
}

// Many returns n events of one busy hour that use every path of the tracers:
// logins, bans, requests, database errors and tracebacks of some hundred
// addresses. They are the same for the same n.
func Many(n int) []Source {
	const second = index.Time(1e9)
	start := index.Time(1_700_000_000) * second
	paths := []string{"/var/log/auth.log", "/var/log/nginx/access.log", "/var/log/postgresql/postgresql.log", "/var/log/fail2ban.log"}
	out := make([]Source, len(paths))
	for i := range out {
		out[i].Path = paths[i]
	}
	seed := uint32(1)
	for i := range n {
		seed = seed*1664525 + 1013904223 // Numerical Recipes' generator: enough for variety
		kind := seed >> 8 % 8
		ip := netip.AddrFrom4([4]byte{203, 0, byte(seed>>16) % 3, byte(seed >> 24)}).String()
		e := Event{Time: start + index.Time(i)*second/20, Host: "web01", PID: int(seed>>12) % 4000, IP: ip}
		source := 0
		switch kind {
		case 0, 1:
			e.Service, e.Action, e.Outcome, e.User = "sshd", index.ActionLoginFailed, index.OutcomeFailure, "user"+string('a'+rune(seed>>20%26))
			e.Message = "Failed password for " + e.User + " from " + ip + " port 4022 ssh2"
			e.Sign = "Failed password for <*> from <*> port <*> ssh2"
		case 2:
			e.Service, e.Action, e.User = "sshd", index.ActionLogin, "deploy"
			e.Message = "Accepted publickey for deploy from " + ip + " port 4022 ssh2"
		case 3, 4, 5:
			source = 1
			status := []string{"200", "200", "404", "502"}[seed>>18%4]
			e.Service, e.Action, e.Fields = "nginx", index.ActionHTTPRequest, []index.Field{{Name: "status", Value: status}, {Name: "path", Value: "/"}}
			e.Message = ip + ` - - "GET / HTTP/1.1" ` + status + " 12"
			e.Sign = `<*> - - "GET / HTTP/1.1" <*> <*>`
		case 6:
			source = 2
			e.Service, e.Action, e.Level, e.IP = "postgresql", index.ActionQueryError, index.LevelErr, ""
			e.Message = `ERROR:  relation "t` + string('a'+rune(seed>>20%26)) + `" does not exist`
			e.Sign = `ERROR: relation "<*>" does not exist`
		case 7:
			source = 3
			e.Service, e.Action, e.Level = "fail2ban", index.ActionIPBanned, index.LevelNotice
			e.Message, e.Fields = "[sshd] Ban "+ip, []index.Field{{Name: "jail", Value: "sshd"}}
			e.Sign = "[sshd] Ban <*>"
		}
		out[source].Events = append(out[source].Events, e)
	}
	return out
}
