package index

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Term is one condition on a record: field:value, field>=number,
// field~expression, or any of them with a minus before it. Terms of one query
// must all hold.
type Term struct {
	Field string
	Op    Op
	Value string
	Not   bool
}

// Op compares a record's value with the term's.
type Op string

// The operators.
const (
	Is      Op = ":"
	AtLeast Op = ">="
	AtMost  Op = "<="
	Above   Op = ">"
	Below   Op = "<"
	// Matches takes a regular expression (RE2, which no text can slow down) that some part of the value must match.
	Matches Op = "~"
)

func (t Term) String() string {
	s := t.Field + string(t.Op) + t.Value
	if t.Not {
		return "-" + s
	}
	return s
}

// FieldKind says how a field's values are compared.
type FieldKind uint8

// The kinds of field.
const (
	// Exact compares whole values; a value of the term with * in it is a pattern in which * stands for any text.
	Exact FieldKind = iota
	// Contains looks for the term's value anywhere, ASCII letters of both cases alike.
	Contains
	// Number compares decimal integers; with Is also a range of them, both ends included: 8000-8999.
	Number
	// Address compares IP addresses; the term's value is an address or a CIDR prefix.
	Address
	// Severity compares levels: level>=err is err and everything more severe.
	Severity
)

// FieldSpec is one field that a kind of record can be asked for.
type FieldSpec struct {
	Name   string
	Kind   FieldKind
	Values []string // the whole vocabulary, where the field has one
	Doc    string   // one line for the help
}

// Condition is a term made ready for many records.
type Condition struct {
	Term
	kind   FieldKind
	prefix netip.Prefix
	number int64
	upto   int64          // Number with Is: the last of the range that begins with number, number itself where it is none
	ranged bool           // Exact: the value looks like such a range, and is one where the field's values are numbers
	expr   *regexp.Regexp // Matches
	level  Level
	lower  string
	parts  []string // Exact with *: the texts between the stars
}

// Compile makes t ready for comparison with values of the given kind. It
// reports false where the value or the operator does not fit the kind.
func (t Term) Compile(kind FieldKind) (Condition, bool) {
	c := Condition{Term: t, kind: kind}
	if t.Op == Matches {
		if kind != Exact && kind != Contains {
			return c, false
		}
		var err error
		c.expr, err = regexp.Compile(t.Value)
		return c, err == nil
	}
	if t.Op != Is && kind != Number && kind != Severity {
		return c, false
	}
	switch kind {
	case Number:
		var ok bool
		c.number, c.upto, ok = parseRange(t.Value)
		return c, ok && (t.Op == Is || c.number == c.upto)
	case Address:
		p, ok := ParsePrefix(t.Value)
		c.prefix = p
		return c, ok
	case Severity:
		l, ok := ParseLevel(t.Value)
		c.level = l
		return c, ok
	case Contains:
		c.lower = strings.ToLower(t.Value)
	case Exact:
		if strings.Contains(t.Value, "*") {
			c.parts = strings.Split(t.Value, "*")
		}
		c.number, c.upto, c.ranged = parseRange(t.Value)
		c.ranged = c.ranged && c.number < c.upto
	}
	return c, true
}

// parseRange reads a number, or two that a minus joins; a number may itself
// have a minus before it.
func parseRange(s string) (from, to int64, ok bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, n, true
	}
	i := strings.IndexByte(s[min(1, len(s)):], '-') + 1
	if i == 0 {
		return 0, 0, false
	}
	from, err := strconv.ParseInt(s[:i], 10, 64)
	if err != nil {
		return 0, 0, false
	}
	to, err = strconv.ParseInt(s[i+1:], 10, 64)
	return from, to, err == nil && from <= to
}

// ParsePrefix reads an address or a CIDR prefix; an address is the prefix of
// itself alone. IPv4-mapped IPv6 is unmapped, host bits are cleared.
func ParsePrefix(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, false
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// Prefix is the compiled address or prefix of an Address condition.
func (c *Condition) Prefix() netip.Prefix { return c.prefix }

// Text reports whether the condition holds for a record whose field has these
// texts. A record without the field has none; only a negated condition holds
// for it.
func (c *Condition) Text(values ...string) bool {
	for _, v := range values {
		if c.one(v) {
			return !c.Not
		}
	}
	return c.Not
}

// Optional is Text for a value that is "" where the record has none: only a
// term without a value (user:) holds for such a record, user:* does not.
func (c *Condition) Optional(v string) bool {
	if v == "" {
		return (c.Op == Is && c.Value == "") != c.Not
	}
	return c.Text(v)
}

// own is Optional for a field of a log's own format, of which nobody knows
// whether its values are numbers: status:400-499 holds for 404, and for the text
// "400-499".
func (c *Condition) own(v string) bool {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil && c.ranged && c.holdsFor(n) {
		return !c.Not
	}
	return c.Optional(v)
}

// Int is Text for a Number field.
func (c *Condition) Int(values ...int64) bool {
	for _, v := range values {
		if c.holdsFor(v) {
			return !c.Not
		}
	}
	return c.Not
}

func (c *Condition) holdsFor(n int64) bool {
	if c.Op == Is {
		return c.number <= n && n <= c.upto
	}
	return compare(c.Op, n, c.number)
}

// Addr is Text for an Address field. Invalid addresses never match.
func (c *Condition) Addr(values ...netip.Addr) bool {
	for _, v := range values {
		if v.IsValid() && c.prefix.Contains(v) {
			return !c.Not
		}
	}
	return c.Not
}

// Level is Text for a Severity field.
func (c *Condition) Level(l Level) bool {
	// A smaller number is more severe, so the comparison is turned round.
	ok := l != LevelUnknown && compare(c.Op, -int64(l), -int64(c.level))
	return ok != c.Not
}

func (c *Condition) one(v string) bool {
	switch {
	case c.expr != nil:
		return c.expr.MatchString(v)
	case c.kind == Number:
		n, err := strconv.ParseInt(v, 10, 64)
		return err == nil && c.holdsFor(n)
	case c.kind == Contains:
		return strings.Contains(strings.ToLower(v), c.lower)
	case c.parts != nil:
		return matchParts(v, c.parts)
	}
	return v == c.Value
}

func compare(op Op, a, b int64) bool {
	switch op {
	case AtLeast:
		return a >= b
	case AtMost:
		return a <= b
	case Above:
		return a > b
	case Below:
		return a < b
	}
	return a == b
}

// matchParts matches v against texts with any text between them. Taking the
// first place for each part is enough: a later one never helps the rest.
func matchParts(v string, parts []string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(v, first) {
		return false
	}
	v = v[len(first):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(v, p)
		if i < 0 {
			return false
		}
		v = v[i+len(p):]
	}
	return strings.HasSuffix(v, last)
}
