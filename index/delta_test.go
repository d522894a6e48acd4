package index

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// values is a bucket of envelopes in memory.
type values map[string][]byte

func (v values) put(key, packed []byte) {
	v[string(key)] = seal(bucketProcess, key, packed)
}

func (v values) opener(t testing.TB) *opener {
	t.Helper()
	o, err := newOpener()
	require.NoError(t, err)
	o.stored = func(bucket string, key []byte) []byte {
		if bucket != bucketProcess {
			return nil
		}
		return v[string(key)]
	}
	return o
}

func testPacker(t testing.TB) *packer {
	t.Helper()
	p, err := newPacker()
	require.NoError(t, err)
	return p
}

func TestDeltas(t *testing.T) {
	p := testPacker(t)
	text := func(n int) []byte {
		var b bytes.Buffer
		for i := range n {
			fmt.Fprintf(&b, "process %d %x\n", i, i*i*i)
		}
		return b.Bytes()
	}
	cases := []struct {
		name          string
		base, content []byte
		most          int // bytes that the delta may have; 0: any
	}{
		{"the same", text(5000), text(5000), 100},
		{"a little more", text(5000), text(5001), 100},
		{"one in the middle", text(5000), bytes.Replace(text(5000), []byte("process 2500 "), []byte("another "), 1), 120},
		{"nothing in common", []byte(strings.Repeat("x", 1000)), text(100), 0},
		{"empty", text(10), nil, 0},
		{"of an empty base", nil, text(10), 0},
		{"of a base of one byte", []byte("a"), []byte("a"), 0},
		{"of a base of seven bytes", []byte("abcdefg"), []byte("abcdefgabcdefg"), 0},
		{"as large as records get", bytes.Repeat(text(1000), maxRecord/len(text(1000))), bytes.Repeat(text(1000), maxRecord/len(text(1000))), 4 << 10},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := values{}
			v.put(keyPair(1, 7), p.pack(c.base))
			packed, err := packAgainst(c.content, 1, c.base)
			require.NoError(t, err)
			if c.most > 0 {
				require.LessOrEqual(t, len(packed), c.most)
			}
			key := keyPair(3, 7)
			v.put(key, packed)
			got, err := v.opener(t).open(bucketProcess, key, v[string(key)])
			require.NoError(t, err)
			require.True(t, bytes.Equal(c.content, got))
		})
	}
}

func TestDeltasRefuse(t *testing.T) {
	p := testPacker(t)
	base := []byte(strings.Repeat("some process, ", 100))
	against := func(number uint32) []byte {
		packed, err := packAgainst(base, number, base)
		require.NoError(t, err)
		return packed
	}
	cases := []struct {
		name string
		do   func(v values, key []byte)
		says string
	}{
		{"no base", func(v values, key []byte) { v.put(key, against(2)) }, "not there"},
		{"itself", func(v values, key []byte) { v.put(key, against(5)) }, "leans on a later value"},
		{"a later one", func(v values, key []byte) { v.put(key, against(6)); v.put(keyPair(6, 0), p.pack(base)) }, "leans on a later value"},
		{"one that leans", func(v values, key []byte) {
			v.put(key, against(2))
			v.put(keyPair(2, 0), against(1))
			v.put(keyPair(1, 0), p.pack(base))
		}, "leans itself"},
		{"a damaged one", func(v values, key []byte) {
			v.put(key, against(2))
			v.put(keyPair(2, 0), p.pack(base))
			v[string(keyPair(2, 0))][20] ^= 1
		}, "checksum differs"},
		{"a larger one than records are", func(v values, key []byte) {
			v.put(key, against(2))
			v.put(keyPair(2, 0), p.pack(make([]byte, maxRecord+1)))
		}, "bytes of records"},
		{"another one", func(v values, key []byte) {
			v.put(key, against(2))
			v.put(keyPair(2, 0), p.pack([]byte("short")))
		}, "zstd"},
		{"cut short", func(v values, key []byte) { v.put(key, against(2)[:envelopeHead+2]) }, "leans on another value"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v, key := values{}, keyPair(5, 0)
			c.do(v, key)
			_, err := v.opener(t).open(bucketProcess, key, v[string(key)])
			require.ErrorIs(t, err, ErrDamaged)
			require.ErrorContains(t, err, c.says)
		})
	}
	t.Run("where none does", func(t *testing.T) {
		key := key32(5)
		o, err := newOpener()
		require.NoError(t, err)
		o.stored = func(string, []byte) []byte { return seal(bucketSegment, key32(1), p.pack(base)) }
		_, err = o.open(bucketSegment, key, seal(bucketSegment, key, against(1)))
		require.ErrorIs(t, err, ErrDamaged)
	})
}

// FuzzDelta opens deltas that anybody may have written, against a base that
// anybody may have written.
func FuzzDelta(f *testing.F) {
	p := testPacker(f)
	base := []byte(strings.Repeat("some process, ", 100))
	packed, err := packAgainst(append(base, "more"...), 1, base)
	require.NoError(f, err)
	f.Add(base, packed)
	f.Add([]byte("x"), packed)
	f.Fuzz(func(t *testing.T, base, packed []byte) {
		if len(packed) < envelopeHead || len(base) > maxRecord {
			return
		}
		v, key := values{}, keyPair(3, 0)
		v.put(keyPair(1, 0), p.pack(base))
		v.put(key, bytes.Clone(packed))
		out, err := v.opener(t).open(bucketProcess, key, v[string(key)])
		if err == nil {
			require.LessOrEqual(t, len(out), maxValue)
		}
	})
}

// A new base comes when what the distance to the old one costs has added up to
// what a base costs, and never later than after maxDeltas.
func TestLeansWearOut(t *testing.T) {
	cases := []struct {
		name  string
		delta func(n int) int // bytes of a delta, n stills away
		first int             // what a delta to the first base has more
		want  int             // deltas on one base
	}{
		{"a calm host", func(int) int { return 200 }, 0, maxDeltas},
		{"a calm host, and some chance", func(n int) int { return 200 + n%7*5 }, 0, maxDeltas},
		{"neighbours that are alike", func(n int) int { return min(200, 150+n) }, 0, maxDeltas},
		{"a host that moves away", func(n int) int { return 200 + 10*n }, 0, 44},
		{"a busy host", func(n int) int { return 200 + 2000*n }, 0, 3},
		{"a first still that is unlike the others", func(n int) int { return 200 }, 100, 100},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var l lean
			l.note(1, make([]byte, 10_000))
			n := 0
			for ; n == 0 || !l.worn(c.delta(n)+c.first, c.delta(n+1-int(l.middle()))); n++ {
				l.note(uint32(n+2), []byte{codecDelta})
			}
			require.Equal(t, c.want, n)
			l.note(9999, make([]byte, 500))
			require.Equal(t, lean{base: 9999, size: 500, since: l.since}, l)
			require.Empty(t, l.since)
		})
	}
}
