package snapshot

import (
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"stilltrace/index"
	"stilltrace/index/printable"
)

// Summary is what a capture brought, for the person who took it.
type Summary struct {
	Output  string
	Host    string
	Started index.Time
	Counts  index.Counts
	Gaps    int // in all: things that could not be seen, of which one record may name many
	Bytes   int64
	Took    time.Duration
	Digest  string
	number  int  // of the snapshot within the case
	more    bool // it was to be added to a case
	root    bool
	live    bool
	noProc  bool
	noLogs  bool
	why     []gapKind
}

// gapKind is how many gaps there are of one kind, and one of them.
type gapKind struct {
	area    string
	reason  index.Reason
	n       int
	example string
}

type gapCount map[[2]string]*gapKind

func (c gapCount) add(g index.Gap) {
	key := [2]string{g.Area, string(g.Reason)}
	k := c[key]
	if k == nil {
		k = &gapKind{area: g.Area, reason: g.Reason, example: g.Place}
		if g.Detail != "" {
			k.example += ": " + g.Detail
		}
		c[key] = k
	}
	k.n += max(g.Count, 1)
}

func (c gapCount) sorted() []gapKind {
	var out []gapKind
	for _, k := range c {
		out = append(out, *k)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.n != b.n {
			return a.n > b.n
		}
		return a.area+string(a.reason) < b.area+string(b.reason)
	})
	return out
}

func (t *taker) summary(m index.Manifest, took time.Duration) (*Summary, error) {
	st, err := os.Stat(t.o.Output)
	if err != nil {
		return nil, fmt.Errorf("%s: written, but it cannot be seen: %w", t.o.Output, err)
	}
	s := &Summary{Output: t.o.Output, Host: t.snap.Host.Hostname, Started: t.snap.Start.Realtime, Bytes: st.Size(), Took: took, Digest: m.Digest,
		number: t.w.Snapshot(), more: t.o.Append, root: os.Geteuid() == 0, live: t.snap.Live, noProc: t.o.NoProc, noLogs: t.o.NoLogs, why: t.gaps.sorted()}
	for _, k := range s.why {
		s.Gaps += k.n
	}
	s.Counts = t.w.Counts()
	return s, nil
}

// maxReasons is how many kinds of gap the summary names; info has them all.
const maxReasons = 5

// Write prints the summary.
func (s *Summary) Write(w io.Writer) error {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, printable.String(fmt.Sprintf(format, args...)))
	}
	host := s.Host
	if host == "" {
		host = "unknown"
	}
	row("Host", "%s, at %s", host, s.Started.Go().Format("2006-01-02 15:04:05 UTC"))
	if !s.noProc {
		row("Processes", "%s", printable.Grouped(int64(s.Counts.Processes)))
		row("Sockets", "%s", printable.Grouped(int64(s.Counts.Sockets)))
	}
	if !s.noLogs {
		what := "Logs"
		if s.number > 1 {
			what = "New in logs"
		}
		row(what, "%s, %s, %s, %s", printable.Counted(int64(s.Counts.Sources), "file", "files"), printable.Counted(s.Counts.Lines, "line", "lines"), printable.Counted(s.Counts.Events, "event", "events"), printable.Size(s.Counts.LogBytes))
	}
	row("Gaps", "%s", s.notSeen())
	for i, k := range s.why {
		if i == maxReasons {
			row("", "  and %d more kinds: stilltrace info %s", len(s.why)-i, s.Output)
			break
		}
		row("", "  %s %s: %s, such as %s", printable.Grouped(int64(k.n)), k.area, k.reason.Words(), k.example)
	}
	what := ""
	switch {
	case s.number > 1:
		what = fmt.Sprintf("snapshot %d, ", s.number)
	case s.more:
		what = "a new case, "
	}
	row("Case", "%s, %s%s, in %.1f s", s.Output, what, printable.Size(s.Bytes), s.Took.Seconds())
	row("Digest", "%s", s.Digest)
	row("Next", "stilltrace info %s", s.Output)
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Summary) notSeen() string {
	switch {
	case s.Gaps == 0:
		return "none"
	case s.live && !s.root:
		return printable.Counted(int64(s.Gaps), "thing was", "things were") + " not seen; root would see more"
	}
	return printable.Counted(int64(s.Gaps), "thing was", "things were") + " not seen"
}
