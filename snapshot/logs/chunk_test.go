package logs

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// Chunks are the whole text, and each begins in the line that it says it begins
// in, however the text comes and wherever it has to be cut; the digest is that
// of all that was given away.
func TestChunks(t *testing.T) {
	long := strings.Repeat("x", 3*maxEntry)
	lines := strings.Repeat("Nov 23 02:31:39 web-1 sshd[812]: session opened\n", 3*chunkSize/48)
	starts := func(line []byte) bool { return bytes.HasPrefix(line, []byte("Nov")) }
	for _, c := range []struct{ name, text string }{
		{"lines", lines},
		{"within a line", lines + "Nov 23"},
		{"a long line", lines[:48*1000] + long + "\n" + lines},
		{"a long entry", lines[:48*174000] + strings.Repeat("at main.go\n", 2*pieceSize/11) + lines},
		{"lines that begin nothing", strings.Repeat("at main.go\n", 2*chunkSize/11)},
		{"no line", strings.Repeat(long, 4)},
		{"empty lines", strings.Repeat("\n", chunkSize+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			chunks := newChunker(iotest.HalfReader(strings.NewReader(c.text)), starts)
			chunks.digest = &digest{sum: sha256.New()}
			var all, buf []byte
			for {
				ch, ok := chunks.next(buf)
				if !ok {
					break
				}
				require.Equal(t, int64(len(all)), ch.offset)
				require.Equal(t, int64(bytes.Count(all, []byte("\n"))+1), ch.firstLine)
				all, buf = append(all, ch.raw...), ch.buf
				want := sha256.Sum256(all)
				require.Equal(t, want[:], chunks.digest.sum.Sum(nil))
			}
			require.NoError(t, chunks.err)
			require.True(t, c.text == string(all))
			whole := strings.TrimSuffix(c.text, "\n")
			require.Equal(t, int64(strings.Count(whole, "\n")+1), chunks.lines())
		})
	}
}

// A walk of the years that remembers an earlier one knows the same behind each
// chunk, also where the text is another one meanwhile.
func TestWalkRemembered(t *testing.T) {
	old := "Nov 23 02:31:39 a\nDec 31 23:59:59 b\n"
	for _, c := range []struct {
		name   string
		chunks []string
	}{
		{"the same", []string{old, "Jan 01 00:00:01 c\n", "Nov 01 00:00:01 d\nJan 01 00:00:01 e\n"}},
		{"cut", []string{old, "Jan 01\n"}},
		{"another", []string{"Feb 29 00:00:00 a\n", "Jan 01 00:00:01 c\nJan 01 00:00:01 e\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := reading{format: plain}
			var walk yearWalk
			at := int64(0)
			for _, text := range []string{old, "Jan 01 00:00:01 c\n", "Nov 01 00:00:01 d\nJan 01 00:00:01 e\n"} {
				at += int64(len(text))
				walkYears(&walk, []byte(text), plain)
				r.walks = append(r.walks, walkedTo{at, walk})
			}
			var want, got yearWalk
			at = 0
			for _, text := range c.chunks {
				walkYears(&want, []byte(text), plain)
				r.walk(&got, &chunk{raw: []byte(text), offset: at})
				require.Equal(t, want, got)
				at += int64(len(text))
			}
			require.True(t, want.have)
		})
	}
}
