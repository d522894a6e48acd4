package proc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// maxAttributes is one more than the highest attribute of an expression that is read.
const maxAttributes = 12

// nfAttributes are the attributes of an expression by their numbers, nil where
// it has none (linux/netfilter/nf_tables.h).
type nfAttributes [maxAttributes][]byte

func nfAttributesOf(b []byte) (a nfAttributes) {
	attributes(b, func(kind uint16, v []byte) {
		if kind < maxAttributes {
			a[kind] = v
		}
	})
	return a
}

// word is an attribute that is a number, 0 where it is not there.
func (a *nfAttributes) word(n int) uint32 {
	if len(a[n]) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(a[n])
}

func (a *nfAttributes) long(n int) uint64 {
	if len(a[n]) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(a[n])
}

// value is an attribute that holds data of a rule.
func (a *nfAttributes) value(n int) []byte {
	const dataValue = 1
	inner := nfAttributesOf(a[n])
	return inner[dataValue]
}

// operand is what a register holds: a field of a packet, or a value.
type operand struct {
	field
	mask  []byte
	value []byte // of a constant
}

// ruleWriter writes the expressions of a rule in the words of nft(8). What it
// has no words for stands in brackets with its name.
type ruleWriter struct {
	parts []string
	regs  map[uint32]operand // by the number of their first four bytes
	set   func(name string) string
	// What the rule said of the protocols so far, and the places in parts where: nft leaves them out where the next field says as much.
	network, transport           string
	networkPlace, transportPlace int
}

const nowhere = -1

// ruleText is a rule of a family in one line, with the comment of whoever set
// it. set is how a set is written, by its name.
func ruleText(family string, expressions []byte, comment string, set func(name string) string) string {
	w := ruleWriter{set: set, regs: map[uint32]operand{}, networkPlace: nowhere, transportPlace: nowhere}
	switch family {
	case "ip", "ip6":
		w.network = family
	}
	attributes(expressions, func(_ uint16, v []byte) {
		one := nfAttributesOf(v)
		w.expression(textOf(one[exprName]), nfAttributesOf(one[exprData]))
	})
	if comment != "" {
		w.say("comment %q", comment)
	}
	return strings.Join(slices.DeleteFunc(w.parts, func(s string) bool { return s == "" }), " ")
}

func (w *ruleWriter) say(format string, args ...any) {
	w.parts = append(w.parts, fmt.Sprintf(format, args...))
}

// register gives a register of sixteen or of four bytes the number of its first
// four.
func register(n uint32) uint32 {
	if n < 8 {
		return 4 * n
	}
	return n - 4
}

func (w *ruleWriter) load(n uint32, f field) { w.regs[register(n)] = operand{field: f} }

// take is what a register holds, and no longer does.
func (w *ruleWriter) take(n uint32) operand {
	o := w.regs[register(n)]
	delete(w.regs, register(n))
	if o.name == "" {
		o.name = fmt.Sprintf("[register %d]", n)
	}
	return o
}

// key is the names of the fields that a set is asked for, which lie one behind
// the other.
func (w *ruleWriter) key(n uint32) string {
	var names []string
	for at := register(n); ; {
		o, ok := w.regs[at]
		if !ok {
			break
		}
		delete(w.regs, at)
		names = append(names, o.masked())
		at += max(1, uint32(o.size+3)/4)
	}
	return strings.Join(names, " . ")
}

// constant is a register's value as another field would be written: of an
// address, of a port.
func (w *ruleWriter) constant(n uint32, kind valueKind) string {
	o := w.take(n)
	if o.value == nil {
		return o.masked()
	}
	return field{kind: kind, size: len(o.value)}.text(o.value, nil)
}

func (w *ruleWriter) expression(name string, a nfAttributes) {
	switch name {
	case "payload":
		if a[1] == nil {
			f := w.payload(a.word(2), a.word(3), a.word(4))
			w.say("%s set %s", f.name, w.constant(a.word(5), f.kind))
			return
		}
		w.load(a.word(1), w.payload(a.word(2), a.word(3), a.word(4)))
	case "meta":
		f := metaField(a.word(2))
		if a[1] == nil {
			w.say("%s set %s", f.name, w.constant(a.word(3), f.kind))
			return
		}
		w.load(a.word(1), f)
	case "ct":
		f := ctField(a.word(2))
		if len(a[3]) > 0 {
			f.name = strings.Replace(f.name, "ct ", [2]string{"ct original ", "ct reply "}[a[3][0]&1], 1)
		}
		if a[1] == nil {
			w.say("%s set %s", f.name, w.constant(a.word(4), f.kind))
			return
		}
		w.load(a.word(1), f)
	case "fib":
		w.load(a.word(1), fibField(a.word(2), a.word(3)))
	case "bitwise":
		w.bitwise(&a)
	case "byteorder": // how the machine has it, or the network
		o := w.take(a.word(1))
		o.kind = [2]valueKind{hostValue, numberValue}[a.word(3)&1]
		w.regs[register(a.word(2))] = o
	case "cmp":
		w.compare(a.word(1), a.word(2), a.value(3))
	case "range":
		o := w.take(a.word(1))
		w.say("%s %s%s-%s", o.name, [2]string{"", "!= "}[a.word(2)&1], o.text(a.value(3), nil), o.text(a.value(4), nil))
	case "lookup":
		w.lookup(&a)
	case "immediate":
		w.immediate(&a)
	default:
		w.statement(name, &a)
	}
}

// bitwise leaves some bits of a register, or makes others of them.
func (w *ruleWriter) bitwise(a *nfAttributes) {
	o := w.take(a.word(1))
	if a.word(6) != 0 || o.mask != nil || !allZero(a.value(5)) {
		o = operand{field: field{name: "[bits of " + o.masked() + "]", size: o.size}}
	} else {
		o.mask = a.value(4)
	}
	w.regs[register(a.word(2))] = o
}

// masked is the name, and which bits of it.
func (o operand) masked() string {
	if o.mask == nil {
		return o.name
	}
	return o.name + " & " + o.text(o.mask, nil)
}

// compare writes a comparison, and notes what it says of the protocols.
func (w *ruleWriter) compare(reg, op uint32, value []byte) {
	o := w.regs[register(reg)] // a range compares it twice
	if o.name == "" {
		o.name = fmt.Sprintf("[register %d]", reg)
	}
	text := o.text(value, o.mask)
	last := len(w.parts)
	switch {
	case o.kind == bitsValue && o.mask != nil && op == 1 && allZero(value): // one of these bits is set
		w.say("%s %s", o.name, o.text(o.mask, nil))
	case o.mask != nil && (o.kind != addressValue || op > 1 || prefixOf(o.mask) < 0):
		w.say("%s & %s %s %s", o.name, o.text(o.mask, nil), [6]string{"==", "!=", "<", "<=", ">", ">="}[min(op, 5)], o.text(value, nil))
	case op == 3 && last > 0 && w.parts[last-1] != "" && strings.HasPrefix(w.parts[last-1], o.name+" >= "):
		from, _ := strings.CutPrefix(w.parts[last-1], o.name+" >= ")
		w.parts[last-1] = o.name + " " + from + "-" + text
	default:
		w.say("%s%s %s", o.name, [6]string{"", " !=", " <", " <=", " >", " >="}[min(op, 5)], text)
	}
	if op != 0 || len(w.parts) == last {
		return
	}
	switch o.kind {
	case networkValue, etherValue:
		if name := networkOf(text); name != "" {
			w.network, w.networkPlace = name, last
		}
	case protocolValue:
		w.transport, w.transportPlace = text, last
	}
}

func (w *ruleWriter) lookup(a *nfAttributes) {
	set, key := w.set(textOf(a[1])), w.key(a.word(2))
	switch {
	case a[3] == nil:
		w.say("%s %s%s", key, [2]string{"", "!= "}[a.word(5)&1], set)
	case a.word(3) == 0:
		w.say("%s vmap %s", key, set)
	default:
		w.load(a.word(3), field{name: key + " map " + set})
	}
}

// immediate is a verdict, or the value of a register.
func (w *ruleWriter) immediate(a *nfAttributes) {
	if a.word(1) != 0 {
		o := operand{value: a.value(2)}
		o.name, o.size = fmt.Sprintf("0x%x", o.value), len(o.value)
		w.regs[register(a.word(1))] = o
		return
	}
	data := nfAttributesOf(a[2])
	verdict := nfAttributesOf(data[2])
	switch code := int32(verdict.word(1)); code {
	case 0, 1:
		w.say("%s", [2]string{"drop", "accept"}[code])
	case -1, -5:
		w.say("%s", map[int32]string{-1: "continue", -5: "return"}[code])
	case -3, -4:
		w.say("%s %s", map[int32]string{-3: "jump", -4: "goto"}[code], textOf(verdict[2]))
	default:
		w.say("[verdict %d]", code)
	}
}

// said forgets where a protocol was named: the field that comes now implies it.
func (w *ruleWriter) said(place *int) {
	if *place != nowhere {
		w.parts[*place] = ""
		*place = nowhere
	}
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
