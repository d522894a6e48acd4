package index

import (
	"fmt"
	"net/netip"
	"strconv"
)

// Event is one log entry as a tracer reads it: one line, or several that
// belong together.
type Event struct {
	ID       string       `json:"id"` // source and offset: the same in every answer from one case
	Time     Time         `json:"time"`
	Clock    Clock        `json:"clock"`
	Source   string       `json:"source"` // path as captured
	Line     int64        `json:"line"`   // first and last line in the source, counted from 1
	LineEnd  int64        `json:"line_end"`
	Offset   int64        `json:"offset"` // of its first byte in the source
	Host     string       `json:"host"`
	Service  string       `json:"service"` // sshd, nginx, postgresql, kernel, …
	PID      int          `json:"pid"`     // 0 where the entry names none
	Level    Level        `json:"level"`
	Action   Action       `json:"action"`
	Outcome  Outcome      `json:"outcome"`
	User     string       `json:"user"`
	IP       netip.Addr   `json:"ip"`  // whom the entry is about; invalid where its format names none
	IPs      []netip.Addr `json:"ips"` // every address in the entry, in order, each once
	Message  string       `json:"message"`
	Count    int          `json:"count"` // how often it happened: N of "message repeated N times", else 1
	Sign     string       `json:"signature"`
	Fields   []Field      `json:"-"` // what only its format knows: status, path, jail, exception, …
	Raw      string       `json:"raw"`
	SourceID uint32       `json:"-"`
}

// Place is where the event's evidence lies: auth.log:812.
func (e *Event) Place() string { return e.Source + ":" + strconv.FormatInt(e.Line, 10) }

// Get returns the value of the named field of the entry's own format, or "".
func (e *Event) Get(name string) string {
	for _, f := range e.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Field is one named value that an entry's format knows.
type Field struct {
	Name  string
	Value string
}

// Entry is one log entry on its way into a case. Its byte slices are borrowed:
// they must stay unchanged until SegmentBuilder.Add returns.
type Entry struct {
	Start, End int // its bytes within the block's raw text, without the last newline
	Time       Time
	Clock      Clock
	Level      Level
	Action     Action
	Outcome    Outcome
	PID        int
	PIDText    []byte // where the PID stands, if it does
	Count      int    // 0 and 1 both mean once
	IP         netip.Addr
	IPs        []netip.Addr
	Host       []byte
	Service    []byte
	User       []byte
	Message    []byte
	Signature  []byte
	Fields     []EntryField
	// Decisive are parts of the text on which it hangs what the entry means: a line that has something else there may mean something
	// else. Only Pattern asks for it.
	Decisive [][]byte
	// Named are the addresses that stand in such parts, and are no variables. Only Pattern asks for them.
	Named []netip.Addr
}

// EntryField is one named value of an Entry. Name must be a constant of the
// format, in lower case with dots or underscores.
type EntryField struct {
	Name  string
	Value []byte
}

// Reset empties e and keeps its slices' memory.
func (e *Entry) Reset() {
	*e = Entry{IPs: e.IPs[:0], Fields: e.Fields[:0], Decisive: e.Decisive[:0], Named: e.Named[:0]}
}

// Clock says how far an event's time can be trusted.
type Clock uint8

// The clocks, best first.
const (
	ClockExact     Clock = iota // the stamp names its zone
	ClockNoZone                 // the stamp names no zone; the host's own was taken
	ClockNoYear                 // neither year nor zone; the year follows from the neighbours and the capture
	ClockInherited              // the entry has no stamp; the entry before it in the file had this one
	ClockCapture                // nothing before it in the file had a stamp; the time of the capture
)

var clockNames = [...]string{"exact", "no_zone", "no_year", "inherited", "capture"}

func (c Clock) String() string {
	if int(c) < len(clockNames) {
		return clockNames[c]
	}
	return fmt.Sprintf("clock(%d)", uint8(c))
}

// MarshalText writes the clock's name.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// ClockNames returns the names of all clocks, best first.
func ClockNames() []string { return append([]string(nil), clockNames[:]...) }

// Level is a severity of syslog (RFC 5424 section 6.2.1) plus one; the zero
// Level is unknown. A smaller known level is more severe.
type Level uint8

// The levels.
const (
	LevelUnknown Level = iota
	LevelEmerg
	LevelAlert
	LevelCrit
	LevelErr
	LevelWarning
	LevelNotice
	LevelInfo
	LevelDebug
)

var levelNames = [...]string{"", "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// MarshalText writes the level's name, "" where it is unknown.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// AtLeast reports whether l is known and as severe as m or more.
func (l Level) AtLeast(m Level) bool { return l != LevelUnknown && l <= m }

// LevelNames returns the names of the known levels, most severe first.
func LevelNames() []string { return append([]string(nil), levelNames[1:]...) }

// ParseLevel returns the level of that name.
func ParseLevel(name string) (Level, bool) {
	for i, n := range levelNames {
		if n == name && n != "" {
			return Level(i), true
		}
	}
	return LevelUnknown, false
}

// Outcome says how the thing ended that the event reports (ECS event.outcome).
type Outcome uint8

// The outcomes.
const (
	OutcomeUnknown Outcome = iota
	OutcomeSuccess
	OutcomeFailure
)

var outcomeNames = [...]string{"", "success", "failure"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// MarshalText writes the outcome's name, "" where it is unknown.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// OutcomeNames returns the names of the known outcomes.
func OutcomeNames() []string { return append([]string(nil), outcomeNames[1:]...) }
