package logs

import (
	"bytes"
	"errors"
	"io"

	"stilltrace/index"
)

const (
	// chunkSize is the text of one segment: larger ones are smaller in the case, smaller ones take less memory.
	chunkSize = 8 << 20
	// maxEntry is where an entry is cut: no daemon writes longer lines on purpose.
	maxEntry = 1 << 20
	// maxEntryLines is where an entry is cut that does not end: a stack overflow prints some thousand frames.
	maxEntryLines = 4096
	// pieceSize is how much is read at once: what was read is still in the caches of its processor when its newlines are counted.
	pieceSize = 256 << 10
)

// chunk is a run of a log's text that begins with the start of an entry,
// wherever entries are shorter than maxEntry.
type chunk struct {
	raw       []byte
	buf       []byte // that raw lies in: memory for another chunk, once this one is done with
	offset    int64
	firstLine int64
	// midLine tells that the chunk begins within a line, because that line is too long.
	midLine bool
	// cut tells that it ends within a line for the same reason.
	cut bool
	// open tells that the text ends in this chunk, and within a line: it is the last entry, alone, and will be read again should the log grow.
	open bool
}

// end is where in the text the chunk ends.
func (c *chunk) end() int64 { return c.offset + int64(len(c.raw)) }

// chunker cuts a text into chunks.
type chunker struct {
	r      io.Reader
	starts func(line []byte) bool
	size   int     // of a chunk, about
	rest   []byte  // what was read behind the chunk before
	buf    []byte  // of the chunk that is made
	breaks int64   // newlines in buf
	digest *digest // of all that was given away; nil where nobody asks
	eof    bool
	err    error
	offset int64
	line   int64
	mid    bool
	// A text that was cut before is cut again where it was: told says so, and tail is its last entry where that was cut off.
	told bool
	tail io.Reader
}

func newChunker(r io.Reader, starts func([]byte) bool) *chunker {
	return &chunker{r: r, starts: starts, size: chunkSize, line: 1}
}

// newToldChunker cuts a text that goes on at the given place, and whose last
// entry was cut off at the other one.
func newToldChunker(r io.Reader, starts func([]byte) bool, from, tail int64) *chunker {
	c := newChunker(io.LimitReader(r, tail-from), starts)
	c.told, c.tail = true, r
	return c
}

// resume makes a new chunker go on where another one left a log.
func (c *chunker) resume(at *index.Resume) {
	c.offset, c.line, c.mid = at.Offset, at.Line, at.Mid
}

// next reads the next chunk into buf, or into more memory where that is too
// small. It returns false at the end of the text or where reading failed. The
// text that was read before a failure comes whole.
func (c *chunker) next(buf []byte) (chunk, bool) {
	c.buf = append(buf[:0], c.rest...)
	for want := c.size; ; want += maxEntry {
		c.fill(want)
		if len(c.buf) == 0 {
			return c.last()
		}
		if c.eof && len(c.buf) <= want {
			return c.ending(), true
		}
		if n := c.cut(); n > 0 {
			return c.take(n), true
		}
		if len(c.buf) >= c.size+maxEntry {
			out := c.take(c.force())
			out.cut = c.mid
			return out, true
		}
	}
}

// ending returns what is left; where the text ends within a line, what is
// before its entry, and then that. An entry is not read again that is so long
// that it was cut.
func (c *chunker) ending() chunk {
	last := c.buf[bytes.LastIndexByte(c.buf, '\n')+1:]
	if len(last) == 0 || c.mid || c.told {
		return c.take(len(c.buf))
	}
	from := len(c.buf) - len(last)
	if !c.starts(last) {
		from = c.cut()
	}
	if from > 0 {
		return c.take(from)
	}
	out := c.take(len(c.buf))
	out.open = true
	return out
}

// last returns the entry that was cut off before, if there is one.
func (c *chunker) last() (chunk, bool) {
	if c.tail == nil || c.err != nil {
		return chunk{}, false
	}
	c.buf, c.err = io.ReadAll(io.LimitReader(c.tail, chunkSize+maxEntry))
	c.breaks = breaks(c.buf)
	if c.tail = nil; len(c.buf) == 0 {
		return chunk{}, false
	}
	out := c.take(len(c.buf))
	out.open = true
	return out, true
}

func (c *chunker) fill(want int) {
	if c.eof || len(c.buf) >= want {
		return
	}
	if cap(c.buf) < want {
		grown := make([]byte, len(c.buf), want)
		copy(grown, c.buf)
		c.buf = grown
	}
	for len(c.buf) < want && !c.eof {
		from := len(c.buf)
		n, err := c.r.Read(c.buf[from:min(want, from+pieceSize)])
		c.buf = c.buf[:from+n]
		c.breaks += breaks(c.buf[from:])
		// The last piece may be the next chunk's in part, and mostly no more than that. A chunk that takes more than the first try is mostly
		// cut far before the end of what was read.
		if c.digest != nil && want == c.size {
			c.digest.see(c.buf[:min(len(c.buf), want-pieceSize)])
		}
		if err != nil {
			c.eof = true
			if !errors.Is(err, io.EOF) {
				c.err = err
			}
		}
	}
}

// cut returns where the last entry that starts in the buffer starts, or 0. Its
// first line must be there whole, or the format could not know it.
func (c *chunker) cut() int {
	end := bytes.LastIndexByte(c.buf, '\n')
	for end > 0 {
		start := bytes.LastIndexByte(c.buf[:end], '\n') + 1
		if start == 0 {
			return 0
		}
		if c.starts(c.buf[start:end]) {
			return start
		}
		end = start - 1
	}
	return 0
}

// force returns where to cut when no entry starts: behind the last line, or
// within a line that has no end.
func (c *chunker) force() int {
	if n := bytes.LastIndexByte(c.buf[:maxEntry], '\n'); n >= 0 {
		return n + 1
	}
	return maxEntry
}

// take gives the first n bytes away, and keeps what is behind them.
func (c *chunker) take(n int) chunk {
	out := chunk{raw: c.buf[:n:n], buf: c.buf, offset: c.offset, firstLine: c.line, midLine: c.mid}
	if c.digest != nil {
		c.digest.take(out.raw)
	}
	c.rest = append(c.rest[:0], c.buf[n:]...)
	c.offset += int64(n)
	rest := breaks(c.rest)
	c.line += c.breaks - rest
	c.breaks = rest
	c.mid = out.raw[n-1] != '\n'
	return out
}

func breaks(text []byte) int64 { return int64(bytes.Count(text, []byte{'\n'})) }

// lines is how many lines were given away; a last one without a newline
// counts.
func (c *chunker) lines() int64 {
	if c.mid {
		return c.line
	}
	return c.line - 1
}
