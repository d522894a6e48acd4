// Package logs turns the bytes of log files into the events of a case: it
// finds and opens the files, splits them into entries, dates and parses the
// entries, and hands blocks of them to the case's writer.
package logs

import "stilltrace/index"

// Format is one kind of log. Both functions are pure, keep nothing between
// calls, allocate nothing in the usual case and never panic, whatever the bytes.
type Format struct {
	Name string
	// Starts reports whether line (without its newline) begins a new entry. A line that does not belongs to the entry before it.
	Starts func(line []byte) bool
	// Parse fills e from one entry: one line or several, without the last newline. It reports whether the entry has the shape of
	// this format; where it reports false, what it has set is dropped. Everything it sets must be a part of the given bytes, or a constant.
	Parse func(entry []byte, e *Entry) bool
}

// Entry is what a format makes of one log entry: the part of index.Entry that
// its text knows (Level, Action, Outcome, PID, Count, IP, Host, Service, User,
// Message, Fields), and its stamp. Start, End, lines, Time, Clock, IPs and
// Signature are completed by the reader of the file, for all formats alike.
type Entry struct {
	index.Entry
	Stamp Stamp
	// Variable is the part of the message that the signature is made of, where that is not the whole message: the last line of a traceback.
	Variable []byte
}

// reset empties e and keeps its slices' memory.
func (e *Entry) reset() {
	e.Entry.Reset()
	e.Stamp, e.Variable = Stamp{}, nil
}

// Set adds a field that only this format knows. Empty values are left out.
func (e *Entry) Set(name string, value []byte) {
	if len(value) > 0 {
		e.Fields = append(e.Fields, index.EntryField{Name: name, Value: value})
	}
}

// Formats lists the log formats, the more particular before the more general:
// of two that fit a file equally well the earlier is taken. Plain fits every
// file and is not in the list.
func Formats() []Format {
	return []Format{
		fail2ban,
		postgres,
		redis,
		nginxError,
		apacheError,
		access,
		syslog,
		python,
	}
}
