package logs

import (
	"bytes"
	"time"

	"stilltrace/index"
)

// redis is the log of Redis and of its descendants:
//
//	812:M 23 Nov 2026 02:31:39.123 # message
//	[812] 23 Nov 02:31:39.123 # message                 up to 2.8, without a year
//	812:signal-handler (1795401824) Received SIGTERM …  from a signal handler, which cannot format a date
//
// The letter is the role (X sentinel, C child, S replica, M master), the sign
// the level. The stamp is local time without a zone. A wrong password is not
// logged at any level, only counted and kept in memory (ACL LOG), so there are
// no failed logins here (source: serverLogRaw, serverLogFromHandler).
var redis = Format{
	Name:   "redis",
	Starts: func(line []byte) bool { _, ok := redisHead(line); return ok },
	Parse:  redisParse,
}

type redisLine struct {
	pid   []byte
	role  []byte
	stamp Stamp
	level index.Level
	msg   []byte
}

var redisRoles = [...]struct {
	letter byte
	name   []byte
}{{'M', []byte("master")}, {'S', []byte("replica")}, {'C', []byte("child")}, {'X', []byte("sentinel")}}

func redisHead(b []byte) (l redisLine, ok bool) {
	b, bracket := cut(b, "[")
	n := 0
	for n < len(b) && n < 9 && isDigit(b[n]) {
		n++
	}
	l.pid = b[:n]
	if n == 0 || len(b) < n+3 {
		return l, false
	}
	b = b[n:]
	switch {
	case bracket && b[0] == ']' && b[1] == ' ':
		b = b[2:]
	case !bracket && b[0] == ':' && b[2] == ' ':
		for i := range redisRoles {
			if redisRoles[i].letter == b[1] {
				l.role = redisRoles[i].name
			}
		}
		if b = b[3:]; l.role == nil {
			return l, false
		}
	case !bracket:
		return redisSignal(b, l)
	default:
		return l, false
	}
	l.stamp, n = stampDay(b)
	if n == 0 || len(b) < n+3 || b[n] != ' ' || b[n+2] != ' ' {
		return l, false
	}
	switch b[n+1] {
	case '.':
		l.level = index.LevelDebug
	case '-':
		l.level = index.LevelInfo
	case '*':
		l.level = index.LevelNotice
	case '#':
		l.level = index.LevelWarning
	default:
		return l, false
	}
	l.msg = b[n+3:]
	return l, true
}

// redisSignal reads ":signal-handler (seconds since 1970) message".
func redisSignal(b []byte, l redisLine) (redisLine, bool) {
	b, ok := cut(b, ":signal-handler (")
	seconds, msg, found := around(b, ") ")
	if !ok || !found || !allDigits(seconds) || len(seconds) > 10 {
		return l, false
	}
	var unix int64
	for _, c := range seconds {
		unix = unix*10 + int64(c-'0')
	}
	t := time.Unix(unix, 0).UTC()
	l.stamp = Stamp{Year: t.Year(), Month: int(t.Month()), Day: t.Day(), Hour: t.Hour(), Min: t.Minute(), Sec: t.Second(), HasZone: true}
	l.level, l.msg = index.LevelWarning, msg
	return l, true
}

// stampDay reads "23 Nov 2026 02:31:39.123" and, without a year, "23 Nov
// 02:31:39".
func stampDay(b []byte) (Stamp, int) {
	var s Stamp
	if len(b) < 15 || b[2] != ' ' || b[6] != ' ' {
		return Stamp{}, 0
	}
	var ok bool
	s.Day, ok = digits(b[:2])
	if s.Month = month(b[3:]); !ok || s.Month == 0 {
		return Stamp{}, 0
	}
	at := 7
	if b[11] == ' ' {
		if s.Year, ok = digits(b[7:11]); !ok || s.Year == 0 {
			return Stamp{}, 0
		}
		at = 12
	}
	n := s.clock(b[at:])
	// A leap day without a year is possible; valid judges year 0 as a leap year.
	if n == 0 || !s.valid() {
		return Stamp{}, 0
	}
	return s, at + n
}

func redisParse(entry []byte, e *Entry) bool {
	l, ok := redisHead(entry)
	if !ok {
		return false
	}
	e.Stamp, e.Level, e.Message = l.stamp, l.level, l.msg
	e.process(l.pid)
	e.Service = serviceRedis
	e.Set("role", l.role)
	redisAction(l.msg, e)
	e.Outcome = outcomeOf(e.Action, e.Level)
	return true
}

func redisAction(msg []byte, e *Entry) {
	if i := bytes.IndexByte(msg, '\n'); i >= 0 {
		msg = msg[:i]
	}
	switch {
	case startsAny(msg, "Accepted "):
		e.Action = index.ActionConnectionOpened
		redisClient(msg[len("Accepted "):], e)
	case startsAny(msg, "Client closed connection"):
		e.Action = index.ActionConnectionClosed
		redisInfo(msg, e)
	case startsAny(msg, "Protocol error "):
		redisInfo(msg, e)
	case startsAny(msg, "Possible SECURITY ATTACK detected."):
		if _, from, ok := aroundLast(msg, " Connection from "); ok {
			if from, ok = cutEnd(from, " aborted."); ok {
				redisClient(from, e)
			}
		}
	case startsAny(msg, "Ready to accept connections", "The server is now ready to accept connections"):
		e.Action = index.ActionServiceStarted
	case startsAny(msg, "Redis is now ready to exit", "Sentinel is now ready to exit"):
		e.Action = index.ActionServiceStopped
	case startsAny(msg, "Redis ") && bytes.Contains(msg, []byte(" crashed by signal: ")):
		e.Action = signalAction(msg, " crashed by signal: ", e)
	case startsAny(msg, "Fatal error ", "Failed listening on port ", "Can't open the log file", "Guru Meditation"):
		e.Action = index.ActionServiceFailed
	case startsAny(msg, "Out Of Memory "):
		e.Action = index.ActionMemoryError
	case startsAny(msg, "MASTER timeout:", "Timeout connecting to the MASTER"):
		e.Action = index.ActionConnectionTimeout
	case startsAny(msg, "Connection with master lost", "Connection with replica "):
		e.Action = index.ActionConnectionClosed
	case startsAny(msg, "Warning: Could not create server TCP listening socket"):
		e.Action = index.ActionServiceFailed
	default:
		// Redis writes the text of strerror(3) last, so a name in the message cannot stand for it.
		_, reason, _ := aroundLast(msg, ": ")
		e.Action = errnoTextAction(reason)
	}
}

// redisInfo reads the peer of "… id=9 addr=192.0.2.1:54598 laddr=…". It is the
// first addr=: a client's name follows later.
func redisInfo(msg []byte, e *Entry) {
	if _, info, ok := around(msg, " addr="); ok {
		peer, _ := cutWord(info)
		redisClient(peer, e)
	}
}

func redisClient(peer []byte, e *Entry) {
	if ip, port, ok := parseIPPort(peer); ok {
		e.IP = ip
		e.Set("port", port)
	}
}
