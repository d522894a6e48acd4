package proc

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

const (
	// Attributes of sets and of their elements (linux/netfilter/nf_tables.h).
	setTable, setName, setFlags, setKeyType, setKeySize, setDataType = 1, 2, 3, 4, 5, 6
	listElements                                                     = 3
	elementKey, elementData, elementFlags, elementKeyEnd             = 1, 2, 3, 10
	anonymousSet, intervalSet, mapSet, intervalEnd                   = 1, 4, 8, 1

	// maxSetElements is how many elements of one set are kept, maxHeldElements how many are put in order, and maxSets of how many sets: a list of
	// the addresses of a country has some thousand.
	maxSetElements, maxHeldElements, maxSets = 10_000, 50_000, 1000
	// fewElements is how many elements of a set without a name stand in its rule.
	fewElements = 64
)

// filterSet is a set while its elements are read.
type filterSet struct {
	key      chainKey
	one      index.FilterSet
	flags    uint32
	keys     []field
	data     field // of a map
	verdicts bool
	held     []setElement
	over     int // elements that were not held
}

// setElement is a key, or the first and the last of several. Intervals of one
// field come as two elements: where one begins, and the first key behind it.
type setElement struct {
	from, to []byte
	value    string
	ended    bool
}

func (c *chains) set(b []byte) {
	if len(b) < nfGeneration {
		return
	}
	a := nfAttributesOf(b[nfGeneration:])
	s := filterSet{key: chainKey{b[0], textOf(a[setTable]), textOf(a[setName])}, flags: a.word(setFlags)}
	if len(c.sets) == maxSets {
		c.over++
		return
	}
	s.one = index.FilterSet{Family: s.key.familyName(), Table: s.key.table, Name: s.key.name, Map: s.flags&mapSet != 0}
	s.keys, s.one.Key = keyFields(a.word(setKeyType), int(a.word(setKeySize)))
	const verdict = 0xffffff00
	if s.verdicts = a.word(setDataType) == verdict; !s.verdicts {
		if data, _ := keyFields(a.word(setDataType), 0); len(data) > 0 {
			s.data = data[0]
		}
	}
	c.places[s.key] = len(c.sets)
	c.sets = append(c.sets, s)
}

// keyFields are the fields of a key by the number that nft gives its type: six
// bits for each of several (include/datatype.h of nftables).
func keyFields(kind uint32, size int) (all []field, name string) {
	var names []string
	for ; kind != 0 && len(all) < 6; kind >>= 6 {
		f := keyField(kind & 0x3f)
		all, names = append(all, f), append(names, f.name)
	}
	slices.Reverse(all)
	slices.Reverse(names)
	padded := 0
	for _, f := range all {
		padded += (f.size + 3) &^ 3
	}
	if len(all) > 1 && padded != size || slices.Contains(names, "") {
		return nil, "" // a type that is not known here
	}
	return all, strings.Join(names, " . ")
}

func keyField(kind uint32) field {
	switch kind {
	case 7:
		return field{"ipv4_addr", addressValue, 4, nil}
	case 8:
		return field{"ipv6_addr", addressValue, 16, nil}
	case 9:
		return field{"ether_addr", macValue, 6, nil}
	case 12:
		return field{"inet_proto", protocolValue, 1, nil}
	case 13:
		return field{"inet_service", numberValue, 2, nil}
	case 19:
		return field{"mark", hostValue, 4, nil}
	case 20:
		return field{"iface_index", hostValue, 4, nil}
	case 24:
		return field{"uid", hostValue, 4, nil}
	case 25:
		return field{"gid", hostValue, 4, nil}
	case 26:
		return field{"ct_state", bitsValue, 4, stateWords}
	case 14, 29:
		return field{"icmp_type", numberValue, 1, nil}
	case 41:
		return field{"ifname", nameValue, 16, nil}
	}
	return field{}
}

// request asks for the elements of the set.
func (s *filterSet) request() []byte {
	b := nftRequest(unix.NFT_MSG_GETSETELEM)
	b[unix.SizeofNlMsghdr] = s.key.family
	b = appendText(appendText(b, setTable, s.key.table), setName, s.key.name)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	return b
}

// appendText appends an attribute that is a text.
func appendText(b []byte, kind uint16, text string) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(4+len(text)+1))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(append(b, text...), 0)
	return append(b, make([]byte, -len(b)&3)...)
}

// elements takes in some elements. Those beyond the limit are counted.
func (s *filterSet) elements(b []byte) {
	if len(b) < nfGeneration {
		return
	}
	list := nfAttributesOf(b[nfGeneration:])
	attributes(list[listElements], func(_ uint16, v []byte) {
		e := nfAttributesOf(v)
		one := setElement{from: e.value(elementKey), ended: e.word(elementFlags)&intervalEnd != 0}
		if !one.ended {
			s.one.Count++
		}
		if len(s.held) == maxHeldElements {
			s.over++
			return
		}
		// What the kernel answers is overwritten by its next answer.
		one.from, one.to, one.value = bytes.Clone(one.from), bytes.Clone(e.value(elementKeyEnd)), s.valueText(&e)
		s.held = append(s.held, one)
	})
}

// valueText is what a map has for a key.
func (s *filterSet) valueText(e *nfAttributes) string {
	switch {
	case s.flags&mapSet == 0 || e[elementData] == nil:
		return ""
	case s.verdicts:
		w := ruleWriter{}
		w.immediate(&nfAttributes{2: e[elementData]})
		return " : " + strings.Join(w.parts, " ")
	}
	return " : " + s.data.text(e.value(elementData), nil)
}

// keyText is the keys from one to another, which are often the same.
func (s *filterSet) keyText(from, to []byte) string {
	if len(s.keys) == 0 || len(from) != len(to) {
		return field{}.text(from, nil)
	}
	if len(s.keys) == 1 {
		return spanText(s.keys[0], from, to)
	}
	var parts []string
	for _, f := range s.keys {
		size := (f.size + 3) &^ 3
		if size > len(from) {
			return field{}.text(from, nil)
		}
		parts = append(parts, spanText(f, from[:f.size], to[:f.size]))
		from, to = from[size:], to[size:]
	}
	return strings.Join(parts, " . ")
}

// spanText is one value, a prefix, or the first and the last of several.
func spanText(f field, from, to []byte) string {
	if bytes.Equal(from, to) {
		return f.text(from, nil)
	}
	if f.kind == addressValue {
		mask := make([]byte, len(from))
		for i := range mask {
			mask[i] = ^(from[i] ^ to[i])
		}
		if prefixOf(mask) >= 0 && within(from, mask) {
			return f.text(from, mask)
		}
	}
	return f.text(from, nil) + "-" + f.text(to, nil)
}

// within reports whether v has no bits that the mask has not.
func within(v, mask []byte) bool {
	for i := range v {
		if v[i]&^mask[i] != 0 {
			return false
		}
	}
	return true
}

// finish puts the elements in the order of their keys, which the kernel does not
// keep. Of intervals of which not all ends are held none is known.
func (s *filterSet) finish() {
	halves := s.flags&intervalSet != 0 && len(s.keys) < 2
	if halves && s.over > 0 {
		s.held = nil
	}
	slices.SortFunc(s.held, func(a, b setElement) int {
		if c := bytes.Compare(a.from, b.from); c != 0 || a.ended == b.ended {
			return c
		}
		if a.ended { // where the next one begins
			return -1
		}
		return 1
	})
	if halves && len(s.keys) == 1 && s.keys[0].kind == hostValue {
		s.keys[0].kind = numberValue // the kernel compares bytes, so that nft turns them round
	}
	for i, e := range s.held {
		switch {
		case e.from == nil && !e.ended:
			s.one.Elements = append(s.one.Elements, "*"+e.value) // all that is not in it
			continue
		case e.ended, len(s.one.Elements) == maxSetElements:
			continue
		case halves && i+1 < len(s.held):
			e.to = before(s.held[i+1].from)
		case halves:
			e.to = bytes.Repeat([]byte{0xff}, len(e.from))
		case e.to == nil:
			e.to = e.from
		}
		s.one.Elements = append(s.one.Elements, s.keyText(e.from, e.to)+e.value)
	}
	s.held = nil
}

// before is the number before one in network order.
func before(n []byte) []byte {
	n = bytes.Clone(n)
	for i := len(n) - 1; i >= 0; i-- {
		if n[i]--; n[i] != 0xff {
			break
		}
	}
	return n
}

// inRule reports whether the set has no name and is small enough to stand in its
// rule.
func (s *filterSet) inRule() bool {
	return s.flags&anonymousSet != 0 && s.one.Count <= fewElements && len(s.one.Elements) == s.one.Count
}

// written is how a rule shows a set: by its elements, or by its name.
func (c *chains) written(of chainKey, name string) string {
	i, ok := c.places[chainKey{of.family, of.table, name}]
	if !ok || !c.sets[i].inRule() {
		return "@" + name
	}
	return "{ " + strings.Join(c.sets[i].one.Elements, ", ") + " }"
}

// setList is the sets that do not stand in a rule.
func (c *chains) setList() (all []index.FilterSet) {
	for i := range c.sets {
		if s := &c.sets[i]; !s.inRule() {
			all = append(all, s.one)
		}
	}
	slices.SortFunc(all, func(a, b index.FilterSet) int {
		return cmp.Or(strings.Compare(a.Family, b.Family), strings.Compare(a.Table, b.Table), strings.Compare(a.Name, b.Name))
	})
	return all
}
