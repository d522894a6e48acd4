package index

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

// noise is lines that have nothing in common.
func noise(r *rand.Rand, lines int) (out []byte) {
	const letters = "abcdefghij 0-9=/\"[]:.-"
	for range lines {
		for range 20 + r.IntN(40) {
			out = append(out, letters[r.IntN(len(letters))])
		}
		out = append(out, '\n')
	}
	return out
}

// TestOddBlocks packs noise and a log in turn.
func TestOddBlocks(t *testing.T) {
	log := func(r *rand.Rand, lines int) (out []byte) {
		for range lines {
			out = fmt.Appendf(out, "Nov 23 03:10:%02d web01 sshd[%d]: Failed password for root from 203.0.113.%d port %d ssh2\n",
				r.IntN(60), r.IntN(9999), r.IntN(256), 1024+r.IntN(60000))
		}
		return out
	}
	const lines = 1000
	for name, c := range map[string]struct {
		blocks    string // n: noise, f: a little of it, m: much of it in a log, w: long lines of it, l: a log
		templates int    // at most
	}{
		"a log":                 {"llllllllll", 10},
		"noise":                 {"nnnnnnnnnnnnnnnn", 2*lines + 2},
		"noise that ends":       {"nllllllll", lines + 12},
		"noise behind a log":    {"lllnnnnnnn", lines + 12},
		"too few lines to tell": {"ff", 2 * oddLines},
		"more in a log":         {"lmmmmmmmmmmmmmmmmmmmml", oddTemplates + lines + 12},
		"long lines":            {"wwwwwwwwwwwwwwwwwwwwwwww", oddBytes/900 + oddLines - 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			b, err := NewSegmentBuilder()
			require.NoError(t, err)
			b.Reset(1, 0, 1)
			var raw []byte
			for _, kind := range c.blocks {
				block := log(r, lines)
				switch kind {
				case 'n':
					block = noise(r, lines)
				case 'f':
					block = noise(r, oddLines-1)
				case 'w':
					block = bytes.ReplaceAll(noise(r, 25*(oddLines-1)), []byte{'\n'}, []byte{' '})
					for n := 1; n < oddLines; n++ {
						block[n*len(block)/oddLines] = '\n'
					}
					block[len(block)-1] = '\n'
				case 'm':
					block = append(noise(r, lines*2/3), log(r, lines/3)...)
				}
				b.Begin(block)
				raw = append(raw, block...)
			}
			require.LessOrEqual(t, b.Templates(), c.templates)
			if c.blocks == "ff" {
				require.Greater(t, b.Templates(), oddLines)
			}
			if strings.Contains(c.blocks, "m") {
				require.GreaterOrEqual(t, b.Templates(), oddTemplates)
			}
			seg, err := b.Finish()
			require.NoError(t, err)
			require.NoError(t, b.Prove(seg, raw))
			require.Less(t, len(seg.value), len(raw)*13/10)
		})
	}
}

// TestPagesOfLargeValues proves pages that bbolt makes of the largest values
// that there are.
func TestPagesOfLargeValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.db")
	db, err := bolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	for round := range 3 {
		require.NoError(t, db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte(bucketSegment))
			require.NoError(t, err)
			for n := range 4 {
				require.NoError(t, b.Put(key32(uint32(4*round+n)), make([]byte, maxPacked)))
			}
			return nil
		}))
	}
	require.NoError(t, db.Close())
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, verifyPages(f))
}
