package index

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index/text"
)

// tinyCase is a case with one process and one log, as small as one gets.
func tinyCase(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.db")
	w, err := Create(path, CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, w.AddProcess(&Process{PID: 1, Comm: "init"}))
	b, err := w.NewBlockBuilder()
	require.NoError(t, err)
	raw := []byte("one 203.0.113.7\ntwo\n")
	b.Reset(w.BeginSource(), 0, 1, raw)
	b.Add(&Entry{Start: 0, End: 15, Line: 1, LineEnd: 1, Time: 5, User: []byte("root"), Fields: []EntryField{{Name: "n", Value: raw[:3]}}})
	b.Add(&Entry{Start: 16, End: 19, Line: 2, LineEnd: 2, Time: 6, Message: raw[16:19]})
	blk, err := b.Finish()
	require.NoError(t, err)
	require.NoError(t, w.AddBlock(blk))
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

// FuzzUnblock decodes columns that anybody may have written.
func FuzzUnblock(f *testing.F) {
	raw := "one 203.0.113.7\ntwo\n"
	b, err := NewBlockBuilder()
	require.NoError(f, err)
	b.Reset(1, 0, 1, []byte(raw))
	b.Add(&Entry{Start: 0, End: 15, Line: 1, LineEnd: 1, Time: 5, User: []byte("root")})
	blk, err := b.Finish()
	require.NoError(f, err)
	o, err := newOpener()
	require.NoError(f, err)
	key := key32(0)
	content, err := o.open(bucketEvents, key, seal(bucketEvents, key, blk.events))
	require.NoError(f, err)
	f.Add(content)
	var enc text.Encoder
	packed := enc.Encode(nil, []byte(raw))
	f.Fuzz(func(t *testing.T, content []byte) {
		var lines text.Decoder
		_, err := lines.DecodeMarked(nil, packed, len(raw))
		require.NoError(t, err)
		u, err := newUnblock(blockInfo{Source: 1, Bytes: int64(len(raw)), Events: 1}, "/a", raw, &lines, content)
		if err != nil {
			return
		}
		for range u.count {
			e := new(Event)
			if u.next(e) != nil {
				return
			}
			require.LessOrEqual(t, len(e.Raw), len(raw))
		}
	})
}

// FuzzTermPage reads pages of terms that anybody may have written.
func FuzzTermPage(f *testing.F) {
	f.Add([]byte{0, 2, 'u', 'a', 1, 0, 1, 1, 'b', 2, 3, 4}, []byte("ua"), []byte("ub"))
	f.Fuzz(func(t *testing.T, page, first, last []byte) {
		_, _ = readPage(page, first, last, func(block int) { require.Less(t, block, blocksPerSegment) })
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
