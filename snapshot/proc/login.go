package proc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"

	"stilltrace/index"
)

// utmpLayout is how the records of utmp(5) lie in a file: those of most
// machines keep the 32 bits of old times, and those of others do not.
type utmpLayout struct {
	size, session, seconds, micro, addr int
	wide                                bool
}

var utmpLayouts = []utmpLayout{
	{size: 384, session: 336, seconds: 340, micro: 344, addr: 348},
	{size: 400, session: 336, seconds: 344, micro: 352, addr: 360, wide: true},
}

// utmpTypes are the names of ut_type, from 0.
var utmpTypes = []string{"empty", "runlevel", "boot", "time_new", "time_old", "init", "login", "user", "dead", "accounting"}

// logins reads the files of utmp(5), and the databases that follow them.
func (h *hostReader) logins() {
	l := &index.LoginHistory{}
	for _, name := range []string{"run/utmp", "var/run/utmp"} {
		if now, ok := h.utmp(name); ok {
			for _, one := range now {
				if one.Type != "empty" && !one.Zero {
					l.Now = append(l.Now, one)
				}
			}
			break
		}
	}
	l.Past, _ = h.utmp("var/log/wtmp")
	l.Past = append(l.Past, h.wtmpdb()...)
	l.Failed, _ = h.utmp("var/log/btmp")
	l.Last = append(h.lastlog(), h.lastlog2()...)
	if l.Now != nil || l.Past != nil || l.Failed != nil || l.Last != nil {
		h.host.Logins = l
	}
	h.sessions()
}

// utmp reads the last records of one file, and reports whether it is there.
func (h *hostReader) utmp(name string) ([]index.Login, bool) {
	f, err := h.root.open(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			h.fail(h.root.at(name), err)
		}
		return nil, false
	}
	defer f.Close()
	data, over, err := tail(f, maxLogins, utmpLayouts)
	if err != nil {
		h.fail(h.root.at(name), err)
		return nil, true
	}
	if over > 0 {
		h.gap(index.Gap{Area: areaHost, Place: h.root.at(name), Reason: index.ReasonTooLarge, Detail: "older records than the last " + strconv.Itoa(maxLogins), Count: over})
	}
	logins, rest := parseUtmp(data)
	if rest > 0 {
		h.fail(h.root.at(name), torn("%d bytes behind the last record", rest))
	}
	return logins, true
}

// tail returns the last records of a file, and how many there are before them.
func tail(f *file, most int, layouts []utmpLayout) ([]byte, int, error) {
	head := make([]byte, min(f.stat.Size, int64(layouts[0].size*layouts[1].size)))
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, 0, err
	}
	size := int64(layoutOf(head).size)
	over := f.stat.Size/size - int64(most)
	if over <= 0 {
		over = 0
	}
	data := make([]byte, f.stat.Size-over*size)
	_, err := f.ReadAt(data, over*size)
	return data, int(over), err
}

// layoutOf tells the layouts apart by what cannot be in the other one.
func layoutOf(data []byte) utmpLayout {
	for _, l := range utmpLayouts {
		good := len(data) >= l.size || len(data) == 0
		for at := 0; at+l.size <= len(data); at += l.size {
			if !plausible(data[at:at+l.size], l) {
				good = false
				break
			}
		}
		if good {
			return l
		}
	}
	return utmpLayouts[0]
}

func plausible(r []byte, l utmpLayout) bool {
	kind := binary.NativeEndian.Uint16(r)
	micro := binary.NativeEndian.Uint32(r[l.micro:])
	if l.wide && binary.NativeEndian.Uint32(r[l.seconds+4:]) != 0 {
		return false
	}
	return int(kind) < len(utmpTypes) && micro < 1_000_000 && binary.NativeEndian.Uint16(r[2:]) == 0
}

// parseUtmp reads the records, and returns how many bytes are left over. A
// record of zeros is kept, once for all that follow one another.
func parseUtmp(data []byte) (all []index.Login, rest int) {
	l := layoutOf(data)
	for ; len(data) >= l.size; data = data[l.size:] {
		r := data[:l.size]
		if len(bytes.Trim(r, "\x00")) == 0 {
			if len(all) == 0 || !all[len(all)-1].Zero {
				all = append(all, index.Login{Type: "empty", Zero: true})
			}
			continue
		}
		all = append(all, l.login(r))
	}
	return all, len(data)
}

func (l utmpLayout) login(r []byte) index.Login {
	word := func(at int) uint32 { return binary.NativeEndian.Uint32(r[at:]) }
	text := func(from, n int) string {
		s, _, _ := bytes.Cut(r[from:from+n], []byte{0})
		return string(s)
	}
	kind := int(binary.NativeEndian.Uint16(r))
	out := index.Login{
		Type: strconv.Itoa(kind), PID: int(int32(word(4))), Line: text(8, 32), ID: text(40, 4), User: text(44, 32), Host: text(76, 256),
		Exit: int(int16(binary.NativeEndian.Uint16(r[334:]))), SID: int(int32(word(l.session))),
	}
	if kind < len(utmpTypes) {
		out.Type = utmpTypes[kind]
	}
	seconds := int64(word(l.seconds))
	if l.wide {
		seconds = int64(binary.NativeEndian.Uint64(r[l.seconds:]))
	}
	if seconds > 0 && seconds < 1<<33 {
		out.Time = index.Time(seconds*1e9 + int64(word(l.micro)%1_000_000)*1000)
	}
	if addr := [16]byte(r[l.addr : l.addr+16]); addr != [16]byte{} {
		out.Addr = netip.AddrFrom16(addr).Unmap().String()
		if [12]byte(addr[4:]) == [12]byte{} {
			out.Addr = netip.AddrFrom4([4]byte(addr[:4])).String()
		}
	}
	return out
}

// lastlogSize is the size of struct lastlog: time, line and host.
const lastlogSize = 4 + 32 + 256

// lastlog reads /var/log/lastlog, an array by uid that is mostly holes: only
// the users that the host knows are asked for.
func (h *hostReader) lastlog() []index.LastLogin {
	f, err := h.root.open("var/log/lastlog")
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			h.fail("/var/log/lastlog", err)
		}
		return nil
	}
	defer f.Close()
	var all []index.LastLogin
	seen := map[uint32]bool{}
	for i := range h.host.Users {
		u := &h.host.Users[i]
		var r [lastlogSize]byte
		if seen[u.UID] {
			continue
		}
		seen[u.UID] = true
		if _, err := f.ReadAt(r[:], int64(u.UID)*lastlogSize); err != nil {
			continue // the file ends before
		}
		if one := parseLastlog(r[:]); one.Time != 0 || one.Line != "" {
			one.UID, one.User = u.UID, u.Name
			all = append(all, one)
		}
	}
	return all
}

func parseLastlog(r []byte) index.LastLogin {
	line, _, _ := bytes.Cut(r[4:36], []byte{0})
	host, _, _ := bytes.Cut(r[36:lastlogSize], []byte{0})
	return index.LastLogin{Line: string(line), Host: string(host), Time: index.Time(int64(binary.NativeEndian.Uint32(r)) * 1e9)}
}

// sessions reads what systemd-logind keeps of the sessions that are open.
func (h *hostReader) sessions() {
	f := h.list("run/systemd/sessions")
	if f == nil {
		return
	}
	defer f.close()
	for _, e := range f.entries {
		if !e.IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue // a pipe beside each holds its reference
		}
		text, _, err := f.read(e.Name(), maxText)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				h.fail(f.at+"/"+e.Name(), err)
			}
			continue
		}
		h.host.Sessions = append(h.host.Sessions, parseSession(e.Name(), text))
	}
}

// parseSession reads one file of KEY=value lines. What is no number is 0.
func parseSession(id, text string) index.LoginSession {
	s := index.LoginSession{ID: id}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		number := func() int64 {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil || n < 0 {
				return 0
			}
			return n
		}
		switch key {
		case "UID":
			s.UID = uint32(number())
		case "USER":
			s.User = value
		case "LEADER":
			s.Leader = int(number())
		case "SCOPE":
			s.Scope = value
		case "SERVICE":
			s.Service = value
		case "TYPE":
			s.Type = value
		case "CLASS":
			s.Class = value
		case "STATE":
			s.State = value
		case "TTY":
			s.TTY = value
		case "REMOTE":
			s.Remote = value == "1"
		case "REMOTE_HOST":
			s.RemoteHost = value
		case "REMOTE_USER":
			s.RemoteUser = value
		case "REALTIME":
			s.Started = index.Time(min(number(), 1<<52) * 1000)
		}
	}
	return s
}
