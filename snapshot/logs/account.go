package logs

import "stilltrace/index"

// accountShapes are the messages by which the tools of shadow-utils say that
// the accounts changed. Where one change takes two lines ("to group", "to
// shadow group"; "new group", "group added to /etc/group"), the second is
// action other.
var accountShapes = []struct {
	prefix string
	read   func(rest []byte, e *Entry) bool
}{
	{"new user: name=", accountNewUser},
	{"new group: name=", accountNewGroup},
	{"delete user ", accountQuoted},
	{"add ", accountMember},
	{"delete ", accountMember},
	{"change user name ", accountQuoted},
	{"change user ", accountQuoted},
	{"changed user ", accountQuoted},
	{"password for ", accountQuoted},
	{"changed password expiry for ", accountName},
	{"user ", accountByAdmin},
	{"removed group ", accountGroup},
	{"group ", accountGroup},
}

// readAccount reads a message of useradd, usermod, gpasswd, … .
func readAccount(msg []byte, e *Entry) {
	for i := range accountShapes {
		if rest, ok := cut(msg, accountShapes[i].prefix); ok && accountShapes[i].read(rest, e) {
			e.mark(index.ActionAccountChanged, index.OutcomeSuccess, index.LevelNotice)
			return
		}
	}
	if _, ok := cut(msg, "failed "); ok {
		e.mark(index.ActionOther, index.OutcomeFailure, index.LevelErr)
	}
}

// accountNewUser reads "bob, UID=1000, GID=1000, home=…, shell=…, from=…".
func accountNewUser(rest []byte, e *Entry) bool {
	name, _, ok := around(rest, ", ")
	e.User = name
	return ok
}

// accountNewGroup reads "bob, GID=1000".
func accountNewGroup(rest []byte, e *Entry) bool {
	name, _, ok := around(rest, ", ")
	e.Set("group", name)
	return ok
}

// accountQuoted reads "'bob' …".
func accountQuoted(rest []byte, e *Entry) bool {
	name, _, ok := cutQuoted(rest)
	e.User = name
	return ok
}

// accountName reads "bob".
func accountName(rest []byte, e *Entry) bool {
	e.User = rest
	return len(rest) > 0
}

// accountMember reads "'bob' to group 'sudo'" and "'bob' from group 'sudo'".
func accountMember(rest []byte, e *Entry) bool {
	name, rest, ok := cutQuoted(rest)
	if !ok {
		return false
	}
	after, to := cut(rest, " to group ")
	if !to {
		if after, ok = cut(rest, " from group "); !ok {
			return false
		}
	}
	group, _, ok := cutQuoted(after)
	if !ok {
		return false
	}
	e.User = name
	e.Set("group", group)
	return true
}

// accountByAdmin reads "bob added by root to group sudo" (gpasswd).
func accountByAdmin(rest []byte, e *Entry) bool {
	name, rest := cutWord(rest)
	after, added := cut(rest, "added by ")
	if !added {
		var removed bool
		if after, removed = cut(rest, "removed by "); !removed {
			return false
		}
	}
	by, after := cutWord(after)
	_, group, ok := around(after, "group ")
	if !ok {
		return false
	}
	e.User = name
	e.Set("by", by)
	e.Set("group", group)
	return true
}

// accountGroup reads "'bob' removed" and "'bob' owned by 'bob'"; "… removed
// from /etc/gshadow" is the same change once more.
func accountGroup(rest []byte, e *Entry) bool {
	group, rest, ok := cutQuoted(rest)
	_, owned := cut(rest, " owned by ")
	if !ok || (!owned && string(rest) != " removed") {
		return false
	}
	e.Set("group", group)
	return true
}

// cutQuoted reads 'text' at the start of b.
func cutQuoted(b []byte) (text, rest []byte, ok bool) {
	b, ok = cut(b, "'")
	if !ok {
		return nil, b, false
	}
	return around(b, "'")
}
