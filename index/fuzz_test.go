package index

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// tinyCase is a case with one process and one log, as small as one gets.
func tinyCase(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.db")
	w, err := Create(path, CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, w.AddProcess(&Process{PID: 1, Comm: "init"}))
	b, err := w.NewSegmentBuilder()
	require.NoError(t, err)
	raw := []byte("one 203.0.113.7\ntwo\n")
	b.Reset(w.BeginSource(), 0, 1)
	b.Begin(raw)
	b.Add(&Entry{Start: 0, End: 15, Time: 5, User: []byte("root"), Fields: []EntryField{{Name: "n", Value: raw[:3]}}})
	b.Add(&Entry{Start: 16, End: 19, Time: 6, Message: raw[16:19]})
	blk, err := b.Finish()
	require.NoError(t, err)
	require.NoError(t, w.AddSegment(blk))
	require.NoError(t, w.EndSource(Source{ID: 1, Path: "/a", Bytes: int64(len(raw)), Lines: 2}))
	_, err = w.Commit(Snapshot{})
	require.NoError(t, err)
	out, err := os.ReadFile(path)
	require.NoError(t, err)
	return out
}

// FuzzPages changes bytes of a case: whatever they are, the proof of the
// structure ends with an answer, and what it lets through can be read to its
// end.
func FuzzPages(f *testing.F) {
	whole := tinyCase(f)
	f.Add(uint32(4096), []byte{0xff})
	f.Add(uint32(2*4096+16), []byte{0, 0, 0, 0, 0xff, 0xff})
	f.Add(uint32(16), []byte("magic"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		b := append([]byte(nil), whole...)
		copy(b[int(at)%len(b):], patch)
		file, err := os.CreateTemp(dir, "")
		require.NoError(t, err)
		defer os.Remove(file.Name())
		_, err = file.Write(b)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		r, err := Open(file.Name())
		if err != nil {
			return
		}
		defer r.Close()
		for _, err := range r.Events(Query{}) {
			if err != nil {
				return
			}
		}
		for _, err := range r.Processes(1) {
			if err != nil {
				return
			}
		}
	})
}

// FuzzEvents reads what anybody may have written of the events in a text: what
// they share, and the columns of a block.
func FuzzEvents(f *testing.F) {
	raw := "Nov 23 03:10:00 one[7] 203.0.113.7\ntwo\n"
	b, err := NewSegmentBuilder()
	require.NoError(f, err)
	b.Reset(1, 0, 1)
	b.Begin([]byte(raw))
	b.Add(&Entry{Start: 0, End: 34, Time: 5, User: []byte("root"), PID: 7})
	seg, err := b.Finish()
	require.NoError(f, err)
	o, err := newOpener()
	require.NoError(f, err)
	key := key32(0)
	p, err := o.parts(bucketSegment, key, seal(bucketSegment, key, seg.value))
	require.NoError(f, err)
	var whole [][]byte
	for i := range p.rows {
		part, err := p.into(i, new([]byte))
		require.NoError(f, err)
		whole = append(whole, part)
	}
	f.Add(whole[blockParts-1], whole[blockParts])
	f.Fuzz(func(t *testing.T, events, shared []byte) {
		w := partsWriter{pack: b.parts.pack}
		for i, part := range whole {
			switch i {
			case blockParts - 1:
				part = events
			case blockParts:
				part = shared
			}
			w.add(part)
		}
		p, err := o.parts(bucketSegment, key, seal(bucketSegment, key, w.value()))
		require.NoError(t, err)
		var s segmentReader
		require.NoError(t, s.open(p, 1))
		info := blockInfo{blockRow: blockRow{Bytes: int64(len(raw)), Lines: 2, Events: 2, Min: -1 << 62, Max: 1 << 62}, Source: 1}
		all := walk{segmentReader: &s, info: &info, filter: &filter{}, query: &Query{}}
		_ = all.run(func(e *Event) bool {
			require.LessOrEqual(t, len(e.Raw), len(raw))
			return true
		})
	})
}

// FuzzTermPage reads pages of terms that anybody may have written.
func FuzzTermPage(f *testing.F) {
	f.Add([]byte{0, 2, 'u', 'a', 1, 0, 1, 1, 'b', 2, 3, 4}, []byte("ua"), []byte("ub"))
	f.Fuzz(func(t *testing.T, page, first, last []byte) {
		_, _ = readPage(page, first, last, func(_ []byte, block int) { require.Less(t, block, maxGroup) })
	})
}

// FuzzEnvelope opens values that anybody may have written.
func FuzzEnvelope(f *testing.F) {
	p, err := newPacker()
	require.NoError(f, err)
	f.Add(seal("raw", []byte("k"), p.pack([]byte("some text, some text, some text"))))
	o, err := newOpener()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, v []byte) {
		// With a right checksum the fuzzer gets behind it.
		if len(v) > envelopeTail {
			v = seal("raw", []byte("k"), append([]byte(nil), v[:len(v)-envelopeTail]...))
		}
		out, err := o.open("raw", []byte("k"), v)
		if err == nil {
			require.LessOrEqual(t, len(out), maxValue)
		}
	})
}
