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
