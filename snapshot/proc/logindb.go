package proc

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strconv"

	"stilltrace/index"
)

// database calls each with the rows of a table of the first of several files
// that is there. What was not written into it yet (a journal beside it) is not read.
func (h *hostReader) database(table string, each func(row map[string]any), names ...string) {
	for _, name := range names {
		data, err := h.root.read(name, maxDatabase)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var db *sqlite
		if err == nil {
			db, err = openSQLite(bytes.NewReader(data), int64(len(data)), maxLogin)
		}
		if err == nil {
			err = db.rows(table, func(row map[string]any) error { each(row); return nil })
		}
		if err != nil {
			h.fail(h.root.at(name), err)
		}
		h.noteJournal(name, "the newest logins may stand in this journal, which is not read")
		return
	}
}

// noteJournal is for a database with changes that were not written into it yet.
func (h *hostReader) noteJournal(name, detail string) {
	for _, journal := range []string{name + "-wal", name + "-journal"} {
		if _, st, err := h.root.resolve(journal); err == nil && st.Size > 0 {
			h.gap(index.Gap{Area: areaHost, Place: h.root.at(journal), Reason: index.ReasonUnsupported, Count: 1, Detail: detail})
		}
	}
}

// wtmpdb reads the logins of wtmpdb(8), the last ones.
func (h *hostReader) wtmpdb() []index.Login {
	var all []index.Login
	over := 0
	h.database("wtmp", func(row map[string]any) {
		if len(all) >= 2*maxLogins {
			over += maxLogins
			all = append(all[:0], all[maxLogins:]...)
		}
		all = append(all, loginOf(row))
	}, "var/lib/wtmpdb/wtmp.db", "var/log/wtmp.db")
	if n := len(all) - maxLogins; n > 0 {
		over += n
		all = all[n:]
	}
	if over > 0 {
		h.gap(index.Gap{Area: areaHost, Place: "/var/lib/wtmpdb/wtmp.db", Reason: index.ReasonTooLarge, Detail: "older records than the last " + strconv.Itoa(maxLogins), Count: over})
	}
	return all
}

// loginOf is a row of wtmpdb; its types are 1 for a boot and 3 for a user, and
// its times microseconds.
func loginOf(row map[string]any) index.Login {
	kind, _ := row["type"].(int64)
	l := index.Login{Type: strconv.FormatInt(kind, 10), Time: timeOf(row["login"], 1000), Ended: timeOf(row["logout"], 1000)}
	l.User, _ = row["user"].(string)
	l.Line, _ = row["tty"].(string)
	l.Host, _ = row["remotehost"].(string)
	l.Service, _ = row["service"].(string)
	switch kind {
	case 1:
		l.Type = "boot"
	case 2:
		l.Type = "runlevel"
	case 3:
		l.Type = "user"
	}
	return l
}

// timeOf is a time in units of so many nanoseconds, 0 where it is none.
func timeOf(v any, unit int64) index.Time {
	n, _ := v.(int64)
	if n <= 0 || n > 1<<62/unit {
		return 0
	}
	return index.Time(n * unit)
}

// lastlog2 reads the last logins of lastlog2(8), whose times are seconds. It
// knows users by their names.
func (h *hostReader) lastlog2() []index.LastLogin {
	ids := map[string]uint32{}
	for i := range h.host.Users {
		if u := &h.host.Users[i]; ids[u.Name] == 0 {
			ids[u.Name] = u.UID
		}
	}
	var all []index.LastLogin
	h.database("Lastlog2", func(row map[string]any) {
		one := index.LastLogin{Time: timeOf(row["time"], 1e9)}
		one.User, _ = row["name"].(string)
		one.Line, _ = row["tty"].(string)
		one.Host, _ = row["remotehost"].(string)
		id, known := ids[one.User]
		if one.UID = id; !known {
			one.UID = unset
		}
		if len(all) < maxEntries {
			all = append(all, one)
		}
	}, "var/lib/lastlog/lastlog2.db")
	slices.SortStableFunc(all, func(a, b index.LastLogin) int { return cmp.Compare(a.UID, b.UID) })
	return all
}
