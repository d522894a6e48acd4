package proc

import "strings"

// statement writes an expression that does something.
func (w *ruleWriter) statement(name string, a *nfAttributes) {
	if name != "match" {
		w.networkPlace, w.transportPlace = nowhere, nowhere // what it does depends on them
	}
	switch name {
	case "counter", "last", "notrack":
		w.say("%s", name)
	case "limit":
		w.limit(a)
	case "quota":
		w.say("quota %s%d bytes", over(a.word(2)), a.long(1))
	case "connlimit":
		w.say("ct count %s%d", over(a.word(2)), a.word(1))
	case "log":
		w.log(a)
	case "reject":
		w.reject(a.word(1), a[2])
	case "nat":
		w.say("%s%s%s", [2]string{"snat", "dnat"}[a.word(1)&1], w.target(a.word(3), a.word(4), a.word(5), a.word(6)), natFlags(a.word(7)))
	case "masq":
		w.say("masquerade%s%s", w.target(0, 0, a.word(2), a.word(3)), natFlags(a.word(1)))
	case "redir":
		w.say("redirect%s%s", w.target(0, 0, a.word(1), a.word(2)), natFlags(a.word(3)))
	case "tproxy":
		w.say("tproxy%s", w.target(a.word(2), 0, a.word(3), 0))
	case "queue":
		w.queue(a)
	case "match", "target":
		w.foreign(name, textOf(a[1]), a.word(2), a[3])
	case "dynset":
		w.say("%s @%s { %s }", [3]string{"add", "update", "delete"}[min(a.word(3), 2)], textOf(a[1]), w.key(a.word(4)))
	case "flow_offload":
		w.say("flow add @%s", textOf(a[1]))
	case "objref":
		w.say("[object %s]", textOf(a[2]))
	default:
		w.say("[%s]", name)
		clear(w.regs) // which of them it loads is not known
	}
}

// natFlags are those of linux/netfilter/nf_nat.h that somebody chose.
func natFlags(n uint32) (text string) {
	for _, one := range [...]struct {
		bit  uint32
		name string
	}{{4, " random"}, {16, " fully-random"}, {8, " persistent"}} {
		if n&one.bit != 0 {
			text += one.name
		}
	}
	return text
}

// queue hands packets to a program, or to one of several.
func (w *ruleWriter) queue(a *nfAttributes) {
	text := "queue num " + decimal(uint64(shortWord(a[1])))
	if total := shortWord(a[2]); total > 1 {
		text += "-" + decimal(uint64(shortWord(a[1]))+uint64(total)-1)
	}
	if shortWord(a[3])&1 != 0 {
		text += " flags bypass" // without such a program they pass
	}
	w.say("%s", text)
}

func over(flags uint32) string {
	if flags&1 != 0 {
		return "over "
	}
	return ""
}

// limit is so much in so many seconds.
func (w *ruleWriter) limit(a *nfAttributes) {
	unit, ok := map[uint64]string{1: "second", 60: "minute", 3600: "hour", 86400: "day", 604800: "week"}[a.long(2)]
	if !ok {
		unit = "[unit]"
	}
	what := " packets"
	if a.word(4) == 1 {
		what = " bytes"
	}
	text := "limit rate " + over(a.word(5)) + decimal(a.long(1))
	if what == " bytes" {
		text += what
	}
	text += "/" + unit
	if burst := a.word(3); burst > 0 {
		text += " burst " + decimal(uint64(burst)) + what
	}
	w.say("%s", text)
}

func (w *ruleWriter) log(a *nfAttributes) {
	text := "log"
	if a[2] != nil {
		text += ` prefix "` + textOf(a[2]) + `"`
	}
	if a[1] != nil {
		text += " group " + decimal(uint64(shortWord(a[1])))
	}
	const usual = 4 // warn
	if level := a.word(5); a[5] != nil && level != usual {
		text += " level " + [...]string{"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"}[min(level, 8)]
	}
	w.say("%s", text)
}

func (w *ruleWriter) reject(kind uint32, code []byte) {
	switch kind {
	case 1:
		w.say("reject with tcp reset")
	default:
		what := map[uint32]string{0: "icmp", 2: "icmpx"}[kind]
		if what == "" || len(code) == 0 {
			w.say("reject")
			return
		}
		if kind == 0 && w.network == "ip6" {
			what = "icmpv6"
		}
		w.say("reject with %s %d", what, code[0])
	}
}

// target is where packets go instead: addresses and ports, of which a range has
// two.
func (w *ruleWriter) target(from, to, portFrom, portTo uint32) string {
	span := func(one, two uint32, kind valueKind) string {
		if one == 0 {
			return ""
		}
		text := w.constant(one, kind)
		if two != 0 && two != one {
			text += "-" + w.constant(two, kind)
		}
		return text
	}
	address, port := span(from, to, addressValue), span(portFrom, portTo, numberValue)
	switch {
	case address == "" && port == "":
		return ""
	case port == "":
		return " to " + address
	case strings.Contains(address, ":"):
		address = "[" + address + "]"
	}
	return " to " + address + ":" + port
}
