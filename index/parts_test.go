package index

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Noise is packed while that helps, and stored for some parts after one that it
// did not help. It is read as it was in any case.
func TestNoiseIsStored(t *testing.T) {
	random := make([]byte, 2000)
	source := rand.NewChaCha8([32]byte{1})
	_, err := source.Read(random)
	require.NoError(t, err)
	twice := append(bytes.Clone(random), random...)

	p, err := newPacker()
	require.NoError(t, err)
	w := partsWriter{pack: p}
	for range 2 { // the second time after reset
		w.reset()
		in := [][]byte{twice, random[:minPacked-1], twice, random}
		want := []bool{true, false, true, false}
		for range noiseUntried {
			in, want = append(in, twice), append(want, false)
		}
		in, want = append(in, twice), append(want, true)
		for _, part := range in {
			w.addNoise(part)
		}

		o, err := newOpener()
		require.NoError(t, err)
		read, err := o.readParts(w.value()[envelopeHead:], uint32(w.size))
		require.NoError(t, err)
		var memory []byte
		for i, part := range in {
			require.Equal(t, want[i], read.rows[i].zstd, i)
			got, err := read.into(i, &memory)
			require.NoError(t, err)
			require.Equal(t, part, got)
		}
	}
}

// Parts come back in their order, however many of them waited for one another.
func TestPartsWait(t *testing.T) {
	p, err := newPacker()
	require.NoError(t, err)
	o, err := newOpener()
	require.NoError(t, err)
	w := partsWriter{pack: p}
	for _, sizes := range [][]int{
		{},
		{0, 1, minPacked, 0},
		{maxWaiting - 1, 1, 1},
		{maxWaiting, 0, maxWaiting + 1, 5000},
		{maxWaiting / 3, maxWaiting / 3, maxWaiting / 3, maxWaiting / 3, maxWaiting / 3},
	} {
		w.reset()
		var whole [][]byte
		var memory []byte // of all of them: a part is of no use to its writer any more
		for i, n := range sizes {
			part := bytes.Repeat([]byte{byte(i), 'x', 'y'}, n/3+1)[:n]
			whole = append(whole, part)
			memory = append(memory[:0], part...)
			if i%2 == 0 {
				w.add(memory)
			} else {
				w.addNoise(memory)
			}
		}
		value := w.value()
		read, err := o.readParts(value[envelopeHead:], uint32(w.size))
		require.NoError(t, err, sizes)
		require.Len(t, read.rows, len(whole))
		for i, part := range whole {
			require.Equal(t, len(part) >= minPacked, read.rows[i].zstd, "part %d of %v", i, sizes)
			got, err := read.into(i, new([]byte))
			require.NoError(t, err)
			require.True(t, bytes.Equal(part, got), "part %d of %v", i, sizes)
		}
	}
}
