package index

import (
	"encoding/binary"
	"net/netip"
)

// Of processes and sockets a still writes thousands, most of them with lists of
// limits, files and variables: the library, which looks at every field by
// reflection, took a tenth of what a still takes for them. They are therefore
// encoded here field by field: the same bytes, of CBOR in its deterministic form
// (RFC 8949, 4.2.1), whose keys come the shorter before the longer ones, and else
// by their letters. A test holds both against each other.

// The kinds of CBOR, as the first bits of a head.
const (
	cborUint   = 0 << 5
	cborNegint = 1 << 5
	cborBytes  = 2 << 5
	cborText   = 3 << 5
	cborArray  = 4 << 5
	cborMap    = 5 << 5
	cborFalse  = 0xf4
	cborTrue   = 0xf5
	cborNull   = 0xf6

	cborShort = 24 // numbers below it lie in the head itself
)

func appendHead(b []byte, kind byte, n uint64) []byte {
	switch {
	case n < cborShort:
		return append(b, kind|byte(n))
	case n < 1<<8:
		return append(b, kind|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, kind|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, kind|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, kind|27), n)
}

func appendUint[T uint16 | uint32 | uint64](b []byte, n T) []byte {
	return appendHead(b, cborUint, uint64(n))
}

func appendInt[T ~int | ~int64](b []byte, n T) []byte {
	if n < 0 {
		return appendHead(b, cborNegint, uint64(^n))
	}
	return appendHead(b, cborUint, uint64(n))
}

func appendText(b []byte, s string) []byte {
	return append(appendHead(b, cborText, uint64(len(s))), s...)
}

// fields is a map of CBOR that is being written behind what b held before. The
// methods whose names end in If leave out what is zero, nil or empty.
type fields struct {
	b    []byte
	head int // where its head lies
	n    int // how many there are
}

func beginFields(b []byte) fields { return fields{b: append(b, cborMap), head: len(b)} }

func (f *fields) end() []byte {
	if f.n < cborShort {
		f.b[f.head] |= byte(f.n)
		return f.b
	}
	// A struct has fewer than 256 fields.
	f.b = append(f.b, 0)
	copy(f.b[f.head+2:], f.b[f.head+1:])
	f.b[f.head], f.b[f.head+1] = cborMap|24, byte(f.n)
	return f.b
}

func (f *fields) key(key string) {
	f.n++
	f.b = appendText(f.b, key)
}

func (f *fields) text(key, s string) {
	f.key(key)
	f.b = appendText(f.b, s)
}

func (f *fields) textIf(key, s string) {
	if s != "" {
		f.text(key, s)
	}
}

func (f *fields) uint(key string, n uint64) {
	f.key(key)
	f.b = appendUint(f.b, n)
}

func (f *fields) uintIf(key string, n uint64) {
	if n != 0 {
		f.uint(key, n)
	}
}

func (f *fields) int(key string, n int64) {
	f.key(key)
	f.b = appendInt(f.b, n)
}

func (f *fields) intIf(key string, n int64) {
	if n != 0 {
		f.int(key, n)
	}
}

func (f *fields) bool(key string, is bool) {
	f.key(key)
	if is {
		f.b = append(f.b, cborTrue)
	} else {
		f.b = append(f.b, cborFalse)
	}
}

func (f *fields) boolIf(key string, is bool) {
	if is {
		f.bool(key, is)
	}
}

// address writes an address as its bytes, of which one that is unknown has none.
func (f *fields) address(key string, a netip.Addr) {
	f.key(key)
	switch {
	case !a.IsValid():
		f.b = append(f.b, cborBytes)
	case a.Is4():
		four := a.As4()
		f.b = append(appendHead(f.b, cborBytes, uint64(len(four))), four[:]...)
	default:
		six, zone := a.As16(), a.Zone()
		f.b = append(append(appendHead(f.b, cborBytes, uint64(len(six)+len(zone))), six[:]...), zone...)
	}
}

// value writes what is pointed to, null where that is nil.
func value[T any](f *fields, key string, v *T, with func([]byte, T) []byte) {
	f.key(key)
	if v == nil {
		f.b = append(f.b, cborNull)
	} else {
		f.b = with(f.b, *v)
	}
}

func valueIf[T any](f *fields, key string, v *T, with func([]byte, T) []byte) {
	if v != nil {
		value(f, key, v, with)
	}
}

// list writes a list of plain values, null where it is nil.
func list[T any](f *fields, key string, all []T, with func([]byte, T) []byte) {
	f.key(key)
	if all == nil {
		f.b = append(f.b, cborNull)
		return
	}
	f.b = appendHead(f.b, cborArray, uint64(len(all)))
	for _, v := range all {
		f.b = with(f.b, v)
	}
}

func listIf[T any](f *fields, key string, all []T, with func([]byte, T) []byte) {
	if len(all) > 0 {
		list(f, key, all, with)
	}
}

// part writes a struct, null where there is none.
func part[T any](f *fields, key string, v *T, with func([]byte, *T) []byte) {
	f.key(key)
	if v == nil {
		f.b = append(f.b, cborNull)
	} else {
		f.b = with(f.b, v)
	}
}

func partIf[T any](f *fields, key string, v *T, with func([]byte, *T) []byte) {
	if v != nil {
		part(f, key, v, with)
	}
}

// partsIf writes a list of structs.
func partsIf[T any](f *fields, key string, all []T, with func([]byte, *T) []byte) {
	if len(all) == 0 {
		return
	}
	f.key(key)
	f.b = appendHead(f.b, cborArray, uint64(len(all)))
	for i := range all {
		f.b = with(f.b, &all[i])
	}
}
