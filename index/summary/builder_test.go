package summary

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The numbers of actions in these tests.
const (
	actFailed  = 2
	actLogin   = 1
	actRequest = 15
	actBanned  = 13
	actUnban   = 14
	actOther   = 0
)

// sample is an event as the tests know it.
type sample struct {
	kind    Kind
	keep    bool
	user    string
	about   string
	names   []string
	times   int64
	time    int64
	line    int64
	offset  int64
	message string
}

// memory is a scratch file in memory.
type memory struct{ b []byte }

func (m *memory) Write(p []byte) (int, error) {
	m.b = append(m.b, p...)
	return len(p), nil
}
func (m *memory) ReadAt(p []byte, at int64) (int, error) { return copy(p, m.b[at:]), nil }
func (m *memory) Close() error                           { return nil }

func builder(limit int) *Builder { return NewBuilder(options(limit)) }

func options(limit int) Options {
	return Options{Limit: limit, MaxExample: 20, Scratch: func() (Scratch, error) { return &memory{}, nil },
		Blocks:  []netip.Prefix{netip.MustParsePrefix("203.1.0.0/16"), netip.MustParsePrefix("203.1.113.0/28"), netip.MustParsePrefix("2001:db8:1::/48")},
		Actions: Actions{LoginFailed: actFailed, Login: actLogin, Request: actRequest, Banned: actBanned, Unbanned: actUnban}}
}

func feed(t testing.TB, b *Builder, s *sample) {
	t.Helper()
	_, err := b.Begin()
	require.NoError(t, err)
	e := eventOf(b, s)
	b.Add(&e)
}

// eventOf is the sample as an event of a builder.
func eventOf(b *Builder, s *sample) Event {
	e := Event{Kind: b.Kind(s.kind, s.keep), User: None, About: None, Times: s.times, Time: s.time, Line: s.line, Offset: s.offset, Message: []byte(s.message)}
	if s.user != "" {
		e.User = b.User([]byte(s.user))
	}
	if s.about != "" {
		e.About = b.Address(netip.MustParseAddr(s.about))
	}
	for _, a := range s.names {
		e.Names = append(e.Names, b.Address(netip.MustParseAddr(a)))
	}
	return e
}

// samples are n events of some sources, in the order of each source, with all
// that is odd: no times, times before 1970, several addresses, IPv6, repeats.
func samples(n int, seed uint64) []sample {
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	address := func() string {
		switch r.IntN(8) {
		case 0:
			return fmt.Sprintf("2001:db8:%x::%x", r.IntN(3), r.IntN(40))
		case 1:
			return fmt.Sprintf("::%x", r.IntN(4))
		}
		return fmt.Sprintf("203.%d.113.%d", r.IntN(4), r.IntN(30))
	}
	lines := map[uint32]int64{}
	var out []sample
	for i := range n {
		s := sample{times: 1, time: 1_700_000_000*1e9 + int64(i)*int64(7e8)}
		k := &s.kind
		k.Source = 1 + uint32(r.IntN(4))
		lines[k.Source]++
		s.line, s.offset = lines[k.Source], lines[k.Source]*100
		k.Clock = uint8(r.IntN(5))
		k.Action = []uint8{actFailed, actLogin, actRequest, actBanned, actUnban, actOther}[r.IntN(6)]
		k.Level, k.Outcome = uint8(r.IntN(3)), uint8(r.IntN(2))
		k.Service, k.Host = pick("sshd", "nginx", "", strings.Repeat("x", 300)), pick("", "web01")
		k.Signature = pick("Failed password for <user>", "Failed none", "GET <path>", "\xff", "")
		if k.Action == actRequest {
			k.Status, k.Type = 4, "404"
		}
		if k.Action == actBanned {
			k.Jail = "sshd"
		}
		s.keep = k.Level == 1
		s.message = fmt.Sprintf("message %d of many", i)
		switch r.IntN(12) {
		case 0:
			s.time = 0
		case 1:
			s.time = -s.time + int64(r.IntN(3))
		case 2:
			s.time += int64(r.IntN(1e9))
		case 3:
			s.times = int64(1 + r.IntN(9))
		}
		if k.Clock == clockCapture {
			s.time = 1_800_000_000 * 1e9
		}
		s.user = pick("", "root", "admin", "a b", fmt.Sprint("user", r.IntN(50)))
		for range r.IntN(4) {
			s.names = append(s.names, address())
		}
		if len(s.names) > 0 && r.IntN(2) == 0 {
			s.about = s.names[0]
		} else if r.IntN(4) == 0 {
			s.about = address()
		}
		out = append(out, s)
	}
	return out
}

// build gives the samples to several builders, in turns of some, and merges.
func build(t testing.TB, all []sample, builders, turn, limit int) []Page {
	t.Helper()
	var bs []*Builder
	for range builders {
		bs = append(bs, builder(limit))
	}
	for i := range all {
		feed(t, bs[i/turn%builders], &all[i])
	}
	var out []Page
	require.NoError(t, Merge(options(0), bs, func(p Page) error {
		out = append(out, p)
		return nil
	}))
	return out
}

// open returns a Reader of runs.
func open(runs ...[]Page) *Reader {
	return &Reader{Runs: len(runs), Fault: func(err error) error { return err }, Pages: func(run int, t Table, from []byte) (Walker, error) {
		pages := slices.DeleteFunc(slices.Clone(runs[run]), func(p Page) bool { return p.Table != t })
		for from != nil && len(pages) > 1 && bytes.Compare(pages[1].Key, from) < 0 {
			pages = pages[1:]
		}
		return func() ([]byte, func() ([]byte, error), error) {
			if len(pages) == 0 {
				return nil, nil, nil
			}
			p := pages[0]
			pages = pages[1:]
			return append([]byte{}, p.Key...), func() ([]byte, error) { return p.Content, nil }, nil
		}, nil
	}}
}

func TestPagesDoNotDependOnWhoSawWhat(t *testing.T) {
	all := samples(6000, 1)
	want := build(t, all, 1, 1, 1<<30)
	require.Greater(t, len(want), 7)
	for _, c := range []struct {
		name                  string
		builders, turn, limit int
	}{
		{"two in turns", 2, 1, 1 << 30},
		{"three by blocks", 3, 500, 1 << 30},
		{"little memory", 1, 1, 300 << 10},
		{"many runs merged twice", 2, 7, 40 << 10},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, want, build(t, all, c.builders, c.turn, c.limit)) })
	}
	shuffled := slices.Clone(all)
	rand.New(rand.NewPCG(3, 3)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	require.Equal(t, want, build(t, shuffled, 2, 1, 100<<10), "nor on the order of events")
}

// rowsOf is every row of a Reader as text.
func rowsOf(t testing.TB, r *Reader) []string {
	t.Helper()
	var out []string
	for k, err := range r.Kinds(func(Class) bool { return true }) {
		require.NoError(t, err)
		out = append(out, fmt.Sprintf("%+v", *k))
	}
	for u, err := range r.Users() {
		require.NoError(t, err)
		out = append(out, fmt.Sprintf("%+v", *u))
	}
	for a, err := range r.Addresses(netip.Prefix{}) {
		require.NoError(t, err)
		out = append(out, fmt.Sprintf("%+v %+v", a.Addr, a.First), fmt.Sprintf("%+v", a.Last))
		for _, s := range a.Strands {
			out = append(out, fmt.Sprintf("%+v %+v", *s.Thread, s.Sum))
		}
	}
	for a, err := range r.Tries(netip.Prefix{}) {
		require.NoError(t, err)
		out = append(out, fmt.Sprintf("%+v", *a))
	}
	for d, err := range r.Deeds(netip.Prefix{}) {
		require.NoError(t, err)
		out = append(out, fmt.Sprintf("%+v", *d))
	}
	for m, err := range r.Minutes(-1<<40, 1<<40) {
		require.NoError(t, err)
		out = append(out, fmt.Sprintf("%+v", *m))
	}
	return out
}

func TestRunsAnswerAsOne(t *testing.T) {
	all := samples(5000, 2)
	whole := open(build(t, all, 1, 1, 1<<30))
	parts := open(build(t, all[:1000], 1, 1, 1<<30), build(t, all[1000:1001], 1, 1, 1<<30), build(t, all[1001:], 1, 1, 1<<30))
	require.Equal(t, rowsOf(t, whole), rowsOf(t, parts))
	one, err := whole.Head()
	require.NoError(t, err)
	several, err := parts.Head()
	require.NoError(t, err)
	one.Blocks = nil
	require.Equal(t, one, several)
}

func TestNoEvents(t *testing.T) {
	r := open(build(t, nil, 2, 1, 1))
	require.Empty(t, rowsOf(t, r))
	h, err := r.Head()
	require.NoError(t, err)
	require.Equal(t, &Head{About: map[uint8]int64{}, Blocks: []Block{{Prefix: netip.MustParsePrefix("203.1.0.0/16")},
		{Prefix: netip.MustParsePrefix("203.1.113.0/28")}, {Prefix: netip.MustParsePrefix("2001:db8:1::/48")}}}, h)
	for range r.Leaders() {
		t.Fatal("nobody leads")
	}
	none := &Reader{Fault: func(err error) error { return err }}
	_, err = none.Head()
	require.ErrorIs(t, err, ErrPage)
}

func TestOddSpellings(t *testing.T) {
	for _, c := range []struct {
		addr string
		odd  bool
	}{{"203.0.113.7", false}, {"2001:db8::1", false}, {"::ffff:203.0.113.7", true}, {"fe80::1%eth0", true}} {
		pages := build(t, []sample{{kind: Kind{Source: 1}, names: []string{c.addr}, times: 1, time: 5}}, 1, 1, 1)
		h, err := open(pages).Head()
		require.NoError(t, err)
		require.Equal(t, c.odd, h.Odd, c.addr)
		require.EqualValues(t, 1, h.Addresses)
	}
}
