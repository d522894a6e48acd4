package logs

import (
	"bytes"

	"stilltrace/index"
)

// cutHeader reads what stands before the message of a syslog line into e and
// returns the message, which is the rest of line without leading blanks.
func cutHeader(line []byte, e *Entry) (msg []byte, ok bool) {
	level, rest, hasPRI := cutPRI(line, e)
	e.Level = level
	if hasPRI {
		if b, ok := cut(rest, "1 "); ok {
			return cut5424(b, e)
		}
	}
	s, n := stampSyslog(rest)
	if n == 0 {
		return nil, false
	}
	e.Stamp = s
	rest, ok = cut(rest[n:], " ")
	if !ok {
		return nil, false
	}
	host, rest := cutWord(rest)
	if !isHost(host) {
		return nil, false
	}
	rest = cutBusybox(rest, e)
	msg, tagged := cutTag(rest, e)
	if !tagged && s.Year != 0 && n != len("2026-11-23T02:31:39.123456+00:00") {
		// A full date, a word and free text begin the lines of many programs' own logs; without a tag the line is
		// syslog's only if the stamp has the very form of rsyslog's, which writes the tag of RFC 5424 without a colon.
		return nil, false
	}
	e.Host = host
	return bytes.TrimLeft(msg, " "), true
}

// stampSyslog reads the stamp of RFC 3164, or that of RFC 3339 with its T and
// its zone, as every system logger writes it.
func stampSyslog(b []byte) (Stamp, int) {
	if s, n := stampBSD(b); n > 0 {
		return s, n
	}
	if s, n := stampISO(b); n > 0 && s.HasZone && b[10] == 'T' {
		return s, n
	}
	return Stamp{}, 0
}

// cutPRI reads "<38>", facility times eight plus severity (RFC 5424 section 6.2.1).
func cutPRI(b []byte, e *Entry) (index.Level, []byte, bool) {
	const highest = 23*8 + 7
	if len(b) < 3 || b[0] != '<' {
		return index.LevelUnknown, b, false
	}
	end := bytes.IndexByte(b[:min(len(b), 5)], '>')
	if end < 0 {
		return index.LevelUnknown, b, false
	}
	n, ok := digits(b[1:end])
	// The version behind it is a digit that decides, too.
	e.Decide(b[1:min(end+2, len(b))])
	if !ok || n > highest {
		return index.LevelUnknown, b, false
	}
	return index.LevelEmerg + index.Level(n%8), b[end+1:], true
}

// isHost reports whether b can be the host of a header: a name or an address,
// and none of the words that other logs have in its place.
func isHost(b []byte) bool {
	const longest = 255 // bytes (RFC 5424 section 6.2.4)
	if len(b) == 0 || len(b) > longest {
		return false
	}
	for _, c := range b {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '.' && c != '-' && c != '_' && c != ':' {
			return false
		}
	}
	switch string(b) {
	case "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL":
		return false
	}
	return true
}

// cutBusybox reads the "auth.info " that busybox syslogd writes between the
// host and the tag.
func cutBusybox(b []byte, e *Entry) []byte {
	word, rest := cutWord(b)
	const longest = len("local7.warning")
	if len(word) > longest {
		return b
	}
	_, name, ok := around(word, ".")
	if !ok {
		return b
	}
	level, ok := index.ParseLevel(string(name))
	if !ok && string(name) == "warn" {
		level, ok = index.LevelWarning, true
	}
	if !ok {
		return b
	}
	if e.Level == index.LevelUnknown {
		e.Level = level
	}
	return rest
}

// cutTag reads "prog[pid]: ", "prog: " or "prog[pid] ", and after the kernel's
// tag the time since boot. Without a tag it returns b as it is.
func cutTag(b []byte, e *Entry) (msg []byte, ok bool) {
	i := 0
	for ; i < len(b) && b[i] != '['; i++ {
		if b[i] == ' ' {
			return b, false
		}
		if b[i] == ':' && (i+1 == len(b) || b[i+1] == ' ') {
			break
		}
	}
	if i == 0 || i == len(b) {
		return b, false
	}
	name, rest := b[:i], b[i:]
	if rest[0] == '[' {
		end := bytes.IndexByte(rest, ']')
		if end < 0 || bytes.IndexByte(rest[:end], ' ') >= 0 {
			return b, false
		}
		e.process(rest[1:end])
		rest = rest[end+1:]
	}
	rest, colon := cut(rest, ":")
	if !colon && len(rest) > 0 && rest[0] != ' ' {
		return b, false
	}
	e.Service = name
	if string(name) == "kernel" {
		return cutUptime(rest, e), true
	}
	return rest, true
}

// cutUptime reads "[12345.678901] ", the seconds since boot that printk writes
// before a message, and the "[  T123] " of its caller (CONFIG_PRINTK_CALLER).
func cutUptime(b []byte, e *Entry) []byte {
	rest := bytes.TrimLeft(b, " ")
	inner, ok := cut(rest, "[")
	if !ok {
		return b
	}
	inner = bytes.TrimLeft(inner, " ")
	end := bytes.IndexByte(inner, ']')
	if end < 0 {
		return b
	}
	seconds, fraction, ok := around(inner[:end], ".")
	_, ok1 := digits(seconds)
	_, ok2 := digits(fraction)
	if !ok || !ok1 || !ok2 {
		return b
	}
	e.Set("uptime", inner[:end])
	rest = bytes.TrimLeft(inner[end+1:], " ")
	if caller, ok := cut(rest, "["); ok {
		caller = bytes.TrimLeft(caller, " ")
		if end := bytes.IndexByte(caller, ']'); end > 1 && (caller[0] == 'T' || caller[0] == 'C') {
			if _, ok := digits(caller[1:end]); ok {
				return caller[end+1:]
			}
		}
	}
	return rest
}

// cut5424 reads the rest of an RFC 5424 header, after "<PRI>1 ". A field of
// "-" has no value.
func cut5424(b []byte, e *Entry) (msg []byte, ok bool) {
	word, rest := cutWord(b)
	if !isNil(word) {
		s, n := stampISO(word)
		if n != len(word) || !s.HasZone {
			return nil, false
		}
		e.Stamp = s
	}
	host, rest := cutWord(rest)
	app, rest := cutWord(rest)
	procid, rest := cutWord(rest)
	msgid, rest := cutWord(rest)
	if len(host) == 0 || len(app) == 0 || len(procid) == 0 || len(msgid) == 0 {
		return nil, false
	}
	data, rest, ok := cutData(rest)
	if !ok {
		return nil, false
	}
	if !isNil(host) {
		e.Host = host
	}
	if !isNil(app) {
		e.Service = app
	}
	e.process(procid)
	if !isNil(msgid) {
		e.Set("msgid", msgid)
	}
	if !isNil(data) {
		e.Set("sd", data)
	}
	rest = bytes.TrimLeft(rest, " ")
	rest, _ = cut(rest, "\xEF\xBB\xBF")
	if string(app) == "kernel" {
		rest = cutUptime(rest, e)
	}
	return bytes.TrimLeft(rest, " "), true
}

func isNil(b []byte) bool { return len(b) == 1 && b[0] == '-' }

// cutData reads STRUCTURED-DATA, "-" or one or more [id name="value" …], in
// whose values \ stands before a quote, a backslash and a closing bracket.
func cutData(b []byte) (data, rest []byte, ok bool) {
	if r, ok := cut(b, "-"); ok {
		return b[:1], r, len(r) == 0 || r[0] == ' '
	}
	i := 0
	for i < len(b) && b[i] == '[' {
		quoted := false
		for i++; i < len(b) && (quoted || b[i] != ']'); i++ {
			switch {
			case quoted && b[i] == '\\':
				i++
			case b[i] == '"':
				quoted = !quoted
			}
		}
		if i >= len(b) {
			return nil, nil, false
		}
		i++
	}
	return b[:i], b[i:], i > 0 && (i == len(b) || b[i] == ' ')
}
