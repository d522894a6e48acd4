package summary

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// seeds are real pages of one table.
func seeds(f *testing.F, t Table) {
	for _, p := range build(f, samples(800, 4), 1, 1, 1<<30) {
		if p.Table == t {
			f.Add(p.Content)
		}
	}
}

// fuzz decodes what anybody may have written; what can be read holds no more
// rows than a page may have.
func fuzz[R any](f *testing.F, c codec[R]) {
	seeds(f, c.table)
	f.Fuzz(func(t *testing.T, content []byte) {
		rows, err := c.decode(content)
		if err == nil {
			require.LessOrEqual(t, len(rows), maxRows)
		}
	})
}

func FuzzKinds(f *testing.F)     { fuzz(f, kindCodec(kindReader{})) }
func FuzzUsers(f *testing.F)     { fuzz(f, userCodec()) }
func FuzzAddresses(f *testing.F) { fuzz(f, addressCodec(addressReader{})) }
func FuzzTries(f *testing.F)     { fuzz(f, tryCodec(tryReader{})) }
func FuzzDeeds(f *testing.F)     { fuzz(f, deedCodec()) }
func FuzzMinutes(f *testing.F)   { fuzz(f, minuteCodec()) }

func FuzzLeaders(f *testing.F) { fuzz(f, leaderCodec()) }

func FuzzHead(f *testing.F) {
	seeds(f, Heads)
	f.Fuzz(func(t *testing.T, content []byte) {
		h, err := decodeHead(content)
		if err == nil {
			for _, b := range h.Blocks {
				require.True(t, b.Prefix.IsValid())
			}
		}
	})
}

// A disk may give back anything of a scratch file.
func FuzzPlainAddresses(f *testing.F) {
	fuzzPlain(f, addressCodec(addressReader{}), plainAddresses)
}
func FuzzPlainTries(f *testing.F) { fuzzPlain(f, tryCodec(tryReader{}), plainTries) }

func fuzzPlain[R any](f *testing.F, c codec[R], plain func(codec[R]) codec[R]) {
	for _, p := range build(f, samples(800, 4), 1, 1, 1<<30) {
		if p.Table == c.table {
			rows, err := c.decode(p.Content)
			require.NoError(f, err)
			content := plain(c).encode(rows).Content
			again, err := plain(c).decode(content)
			require.NoError(f, err)
			require.Equal(f, rows, again)
			f.Add(content)
		}
	}
	fuzz(f, plain(c))
}
