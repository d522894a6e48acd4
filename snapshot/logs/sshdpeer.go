package logs

import (
	"bytes"

	"stilltrace/index"
)

// peer is the other end of a connection as sshd writes it: "ADDRESS port N",
// and in old versions the address alone.
type peer struct{ address, port []byte }

func (p peer) set(e *Entry) {
	e.about(p.address)
	e.Set("port", p.port)
}

// cutPeer cuts "ADDRESS port N" from the start of b.
func cutPeer(b []byte) (p peer, rest []byte, ok bool) {
	word, after := cutWord(b)
	after, ok = cut(after, "port ")
	if !ok || len(word) == 0 {
		return peer{}, b, false
	}
	i := 0
	for i < len(after) && isDigit(after[i]) {
		i++
	}
	return peer{word, after[:i]}, after[i:], i > 0
}

// cutPeerEnd cuts "ADDRESS port N" from the end of b. What stands before it, and
// the blank between them, may be missing.
func cutPeerEnd(b []byte) (before []byte, p peer, ok bool) {
	head, port, ok := aroundLast(b, " ")
	if !ok {
		return nil, peer{}, false
	}
	head, ok = cutEnd(head, " port")
	if _, number := digits(port); !ok || !number || len(head) == 0 {
		return nil, peer{}, false
	}
	i := bytes.LastIndexByte(head, ' ')
	p = peer{head[i+1:], port}
	return head[:max(i, 0)], p, len(p.address) > 0
}

// cutFrom cuts " from ADDRESS port N" or " from ADDRESS" from the end of b.
func cutFrom(b []byte) (before []byte, p peer, ok bool) {
	if head, p, ok := cutPeerEnd(b); ok {
		before, ok := cutEnd(head, " from")
		return before, p, ok
	}
	before, address, ok := aroundLast(b, " from ")
	if !ok || len(address) == 0 || bytes.IndexByte(address, ' ') >= 0 {
		return nil, peer{}, false
	}
	return before, peer{address: address}, true
}

// cutState reads "[authenticating user |invalid user |user ]NAME" before a
// peer; state is empty where the connection had named no user yet.
func cutState(b []byte) (state, name []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, true
	}
	for _, s := range [...]string{"authenticating", "invalid", "user"} {
		if rest, ok := cut(b, s); ok {
			if s != "user" {
				if rest, ok = cut(rest, " user"); !ok {
					return nil, nil, false
				}
			}
			rest, ok = cut(rest, " ")
			return b[:len(s)], rest, ok
		}
	}
	return nil, nil, false
}

// sshdEnd reads "[STATE user NAME ]ADDRESS port N" of a connection that ended.
func sshdEnd(b []byte, e *Entry, a index.Action) bool {
	before, p, ok := cutPeerEnd(b)
	if !ok {
		if _, ok = parseIP(b); !ok && string(b) != "UNKNOWN" {
			return false
		}
		p = peer{address: b} // OpenSSH 7.1 and earlier
	}
	state, name, ok := cutState(before)
	if !ok {
		return false
	}
	e.mark(a, index.OutcomeUnknown, index.LevelInfo)
	if string(state) == "user" {
		if a == index.ActionConnectionClosed {
			e.Action = index.ActionLogout // it had logged in
		}
	} else {
		e.Set("account", state)
	}
	e.User = name
	p.set(e)
	return true
}

func sshdDisconnected(rest []byte, e *Entry) bool {
	return sshdEnd(rest, e, index.ActionConnectionClosed)
}

func sshdClosed(rest []byte, e *Entry) bool {
	return sshdEnd(rest, e, index.ActionConnectionClosed)
}

func sshdReset(rest []byte, e *Entry) bool {
	return sshdEnd(rest, e, index.ActionConnectionReset)
}

func sshdSilent(rest []byte, e *Entry) bool {
	return sshdEnd(rest, e, index.ActionConnectionTimeout)
}

// sshdDisconnecting reads "[STATE user NAME ]ADDRESS port N: REASON". All
// reasons are sshd's own text but one, which holds two names of the client's;
// where the client's text could be that reason itself, nothing is believed.
func sshdDisconnecting(rest []byte, e *Entry) bool {
	const change = ": Change of username or service not allowed: "
	head, reason, ok := around(rest, change)
	if ok {
		if _, _, twice := around(reason, change); twice {
			e.mark(index.ActionConnectionClosed, index.OutcomeFailure, index.LevelNotice)
			e.Set("ambiguous", rest)
			return true
		}
		reason = rest[len(head)+len(": "):]
	} else if head, reason, ok = aroundLast(rest, ": "); !ok {
		return false
	}
	if !sshdEnd(head, e, index.ActionConnectionClosed) {
		return false
	}
	e.mark(index.ActionConnectionClosed, index.OutcomeFailure, index.LevelNotice)
	e.Set("reason", reason)
	return true
}

// sshdReceivedDisconnect reads "ADDRESS port N:CODE: REASON"; the reason is
// the client's.
func sshdReceivedDisconnect(rest []byte, e *Entry) bool {
	p, rest, ok := cutPeer(rest)
	if !ok || len(rest) == 0 || rest[0] != ':' {
		return false
	}
	e.Level = index.LevelInfo
	p.set(e)
	if _, reason, ok := around(rest, ": "); ok {
		e.Set("reason", reason)
	}
	return true
}

// sshdRefusedPeer reads "ADDRESS port N: REASON", the end of a connection that
// got no further; the offer in the reason is the client's.
func sshdRefusedPeer(rest []byte, e *Entry) bool {
	p, rest, ok := cutPeer(rest)
	reason, ok1 := cut(rest, ": ")
	if !ok || !ok1 {
		return false
	}
	e.mark(index.ActionConnectionClosed, index.OutcomeFailure, index.LevelNotice)
	p.set(e)
	e.Set("reason", reason)
	return true
}

// sshdNoBanner reads "ADDRESS port N" or, before OpenSSH 7.2, "ADDRESS".
func sshdNoBanner(rest []byte, e *Entry) bool {
	p, rest, ok := cutPeer(rest)
	if !ok {
		p = peer{address: rest}
	} else if len(rest) > 0 {
		return false
	}
	e.mark(index.ActionConnectionClosed, index.OutcomeFailure, index.LevelNotice)
	p.set(e)
	return true
}

// sshdBadBanner reads "'TEXT' from ADDRESS port N"; the text is the client's.
func sshdBadBanner(rest []byte, e *Entry) bool {
	_, p, ok := cutFrom(rest)
	if !ok {
		return false
	}
	e.mark(index.ActionConnectionClosed, index.OutcomeFailure, index.LevelNotice)
	p.set(e)
	return true
}
