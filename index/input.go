package index

import (
	"encoding/binary"
	"fmt"
)

// input reads what a value is made of. After the first fault it yields zeros,
// and err says what was wrong. No length is believed before it was compared
// with the bytes that are left.
type input struct {
	b   []byte
	err error
}

func (in *input) fail(what string) {
	if in.err == nil {
		in.err = fmt.Errorf("%s: %w", what, ErrDamaged)
	}
	in.b = nil
}

func (in *input) uint() uint64 {
	if len(in.b) > 0 && in.b[0] < 0x80 { // as most are
		v := in.b[0]
		in.b = in.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(in.b)
	if n <= 0 {
		in.fail("number cut short")
		return 0
	}
	in.b = in.b[n:]
	return v
}

func (in *input) int() int64 {
	v, n := binary.Varint(in.b)
	if n <= 0 {
		in.fail("number cut short")
		return 0
	}
	in.b = in.b[n:]
	return v
}

func (in *input) bytes(n uint64) []byte {
	if n > uint64(len(in.b)) {
		in.fail("text cut short")
		return nil
	}
	out := in.b[:n]
	in.b = in.b[n:]
	return out
}

func (in *input) byte() byte {
	if b := in.bytes(1); b != nil {
		return b[0]
	}
	return 0xff
}

// count reads how many things follow, each of which takes at least one byte.
func (in *input) count() int {
	n := in.uint()
	if n > uint64(len(in.b)) {
		in.fail("count too large")
		return 0
	}
	return int(n)
}
