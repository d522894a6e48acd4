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
func FuzzScratchThreads(f *testing.F) { fuzzScratch(f, threadWording()) }
func FuzzScratchUsers(f *testing.F)   { fuzzScratch(f, userWording()) }

func fuzzScratch[T comparable](f *testing.F, w wording[T]) {
	b := builder(1 << 30)
	all := samples(800, 4)
	for i := range all {
		feed(f, b, &all[i])
	}
	require.NoError(f, b.spill())
	r := b.runs[0]
	require.NotEmpty(f, r.pages[w.table])
	for _, p := range r.pages[w.table] {
		content := make([]byte, p.size)
		_, err := r.file.ReadAt(content, p.at)
		require.NoError(f, err)
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		var rows tallies[T]
		if err := rows.decode(content, w, w.reader()); err != nil {
			return
		}
		require.NotEmpty(t, rows.rows)
		require.LessOrEqual(t, len(rows.rows), maxRows)
		// What can be read can be written, and reads the same.
		var again tallies[T]
		n := 0
		page := scratchPage[T]{wording: w, number: map[T]uint64{}, put: func(p Page) error {
			require.NoError(t, again.decode(p.Content, w, w.reader()))
			for i := range again.rows {
				want, got := rows.rows[n], again.rows[i]
				require.Zero(t, w.compare(rows.words[want.what], again.words[got.what]))
				want.what, got.what = 0, 0
				require.Equal(t, want, got)
				n++
			}
			return nil
		}}
		for i := range rows.rows {
			require.NoError(t, page.add(&rows.rows[i], rows.words[rows.rows[i].what]))
		}
		require.NoError(t, page.close())
		require.Len(t, rows.rows, n)
	})
}
