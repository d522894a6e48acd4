package text

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Differences are read as they are written, and as format 3 wrote them.
func TestDifferencesOfEitherForm(t *testing.T) {
	want := []uint64{1000, 1001, 1001, 999}
	apart := binary.AppendUvarint([]byte{modeSteps<<4 | 1, 0}, 1000)
	for _, c := range []struct {
		name          string
		heads, planes []byte
		ok            bool
	}{
		{"first value apart", apart, []byte{0, 2, 0, 3}, true},
		{"first value apart, a plane too short", apart, []byte{0, 2, 0}, false},
		{"first value missing", apart[:2], []byte{0, 2, 0, 3}, false},
		{"from zero", []byte{modeDelta<<4 | 2, 0}, []byte{0xD0, 2, 0, 3, 7, 0, 0, 0}, true},
		{"from zero, a plane missing", []byte{modeDelta<<4 | 2, 0}, []byte{0xD0, 2, 0, 3}, false},
		{"no mode", []byte{modes << 4, 0}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r columnReader
			r.begin([BlockParts][]byte{sectionHeads: c.heads, sectionPlanes: c.planes})
			v := make([]uint64, len(want))
			require.Equal(t, c.ok, r.read(v))
			if c.ok {
				require.Equal(t, want, v)
			}
		})
	}
}

// The layouts of columns that a log has, and that each reads what it wrote.
func TestLayouts(t *testing.T) {
	column := func(n int, value func(i uint64) uint64) (v []uint64) {
		for i := range n {
			v = append(v, value(uint64(i)))
		}
		return v
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name   string
		values []uint64
		want   layout
	}{
		{"one value", column(500, func(uint64) uint64 { return 7 }), layout{mode: modeConst, width: 1}},
		{"times", column(500, func(i uint64) uint64 { return 1<<40 + 3*i }), layout{mode: modeSteps, width: 1}},
		{"few times", column(few, func(i uint64) uint64 { return 1<<40 + 3*i }), layout{mode: modeSteps, width: 1}},
		{"evenly spread", column(500, func(uint64) uint64 { return random.Uint64N(256) }), layout{mode: modePlain, width: 1, noise: 1}},
		{"few evenly spread", column(64, func(uint64) uint64 { return random.Uint64N(256) }), layout{mode: modePlain, width: 1, noise: 1}},
		{"low bytes evenly spread", column(500, func(uint64) uint64 { return random.Uint64N(512) }), layout{mode: modePlain, width: 2, noise: 1}},
		{"digits", column(500, func(uint64) uint64 { return random.Uint64N(10) }), layout{mode: modePlain, width: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w columnWriter
			l := w.choose(KindNumber, c.values)
			w.write(l, c.values)
			l.cost = 0
			require.Equal(t, c.want, l)

			var r columnReader
			r.begin(w.out)
			got := make([]uint64, len(c.values))
			require.True(t, r.read(got))
			require.True(t, slices.Equal(c.values, got))
		})
	}
}
