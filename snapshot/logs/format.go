// Package logs turns the bytes of log files into the events of a case: it
// finds and opens the files, splits them into entries, dates and parses the
// entries, and hands blocks of them to the case's writer.
package logs

import "stilltrace/index"

// Format is one kind of log. Both functions are pure, keep nothing between
// calls, allocate nothing in the usual case and never panic, whatever the bytes.
//
// Not every entry is given to them. Lines that differ in nothing but their
// variables (the stamps, addresses, numbers and words that package text finds in
// them) are taken alike, once one of them was parsed. So what Parse sets may
// depend on a variable only in where it stands; where its text makes a
// difference, as that of a status does, Parse must say so by Entry.Decide.
// TestPlans holds both ways against each other.
type Format struct {
	Name string
	// Starts reports whether line (without its newline) begins a new entry. A line that does not belongs to the entry before it.
	Starts func(line []byte) bool
	// Parse fills e from one entry: one line or several, without the last newline. It reports whether the entry has the shape of
	// this format; where it reports false, what it has set is dropped. Everything it sets must be a part of the given bytes, or a constant.
	Parse func(entry []byte, e *Entry) bool
	// Opaque are the kinds of variables (a bit each, 1<<kind) that may hold several words and yet mean nothing to Starts and Parse:
	// they are taken as they are.
	Opaque uint32
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

// process makes the number in b the process that the entry names. It reports
// false, and leaves what was there, where b is no number.
func (e *Entry) process(b []byte) bool {
	n, ok := digits(b)
	if ok {
		e.PID, e.PIDText = n, b
	}
	return ok
}

// Decide says that what the entry means depends on what b is, a part of the
// entry: a line that has another text there is parsed by itself.
func (e *Entry) Decide(b []byte) {
	if len(b) > 0 {
		e.Decisive = append(e.Decisive, b)
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
