package index

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"
)

// Source is one reading of one log file: the file's identity, and what was new
// in it. A log that grows from snapshot to snapshot has a source for each of
// them that found something new; together they are a Log.
type Source struct {
	ID       uint32 `json:"id"`   // counted from 1 within the case, in the order of reading
	Path     string `json:"path"` // as the captured host names it
	Format   string `json:"format"`
	Bytes    int64  `json:"bytes"`  // of the text that this source holds, uncompressed
	Lines    int64  `json:"lines"`  // in that text; a last line without a newline counts
	Events   int64  `json:"events"` // entries; one may hold several lines
	SHA256   string `json:"sha256"` // of the log's text from its first byte to the end of this source, hex
	First    Time   `json:"first"`  // earliest and latest stamp in it; unknown where it has none
	Last     Time   `json:"last"`
	Snapshot int    `json:"snapshot"`

	// Continues is the source that this one goes on from, and Offset where in the log it does; 0 and 0 for the first source of a log.
	Continues uint32 `json:"continues,omitzero"`
	Offset    int64  `json:"offset,omitzero"`

	Device uint64 `json:"device,omitzero"` // stat(2): which file on the host this was
	Inode  uint64 `json:"inode,omitzero"`
	Size   int64  `json:"size"` // of the file when it was opened
	Mtime  Time   `json:"mtime"`
	// Compression is "gzip" where the file was compressed; the text is kept, and FileSHA256 names the file as it lay on the host.
	Compression string `json:"compression,omitzero"`
	FileSHA256  string `json:"file_sha256,omitzero"`

	// Open is how many bytes at the end are the last entry, where the text ends within a line of it: a later snapshot may read that entry again, so summaries leave
	// it out.
	Open int64 `json:"-" cbor:"open,omitempty"`
	// Resume is where a later snapshot goes on; nil where none can.
	Resume *Resume `json:"-" cbor:"resume,omitempty"`
}

// End is where in the log the text of the source ends.
func (s *Source) End() int64 { return s.Offset + s.Bytes }

// holdsApart reports whether an event that begins at offset is one that
// summaries leave out.
func (s *Source) holdsApart(offset int64) bool { return s.Open > 0 && offset >= s.End()-s.Open }

// MarkSize is how much of a file's beginning, and of what lies before the end
// of what is held, tells one file from another.
const MarkSize = 4 << 10

// Resume is where a log goes on that has grown since it was read, and by what
// it is known again.
type Resume struct {
	// Offset is the end of the text. Where that lies within a line, it is the start of the entry which has that line, and which is read again when the log has grown.
	Offset int64 `json:"offset"`
	Line   int64 `json:"line"` // of the byte at Offset, counted from 1
	// Yearless tells that the year of the stamps had to be found out.
	Yearless bool   `json:"yearless,omitzero"`
	Mid      bool   `json:"mid,omitzero"`   // Offset lies within a line: one that is too long to be read again
	Stamp    Time   `json:"stamp,omitzero"` // the time that an entry without a stamp takes there; 0 where none has one before it
	State    []byte `json:"state"`          // of SHA-256 after the text before Offset, see SumState
	// Head and Tail are the Mark of the file's first MarkSize bytes and of the last MarkSize bytes before End; of a compressed file, of the file as it lies, whole.
	Head []byte `json:"head"`
	Tail []byte `json:"tail"`
}

// Mark is what stands for the first or last bytes of a file: half of their
// SHA-256, which nobody meets by accident.
func Mark(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:sha256.Size/2]
}

// The Go form of a SHA-256 under way: a magic, the eight words, the block that
// is not yet full with zeros behind it, and the length.
const (
	sumMagic = "sha\x03"
	sumWords = 32
)

// SumState is a SHA-256 under way as a case keeps it: its eight words, big
// endian, and the bytes after the last whole block of 64. It is nil for any
// other hash.
func SumState(h hash.Hash) []byte {
	const size = len(sumMagic) + sumWords + sha256.BlockSize + 8
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return nil
	}
	b, err := m.MarshalBinary()
	if err != nil || len(b) != size || string(b[:len(sumMagic)]) != sumMagic {
		return nil
	}
	rest := binary.BigEndian.Uint64(b[size-8:]) % sha256.BlockSize
	return b[len(sumMagic) : len(sumMagic)+sumWords+int(rest)]
}

// Sum goes on with the SHA-256 of the text before Offset.
func (r *Resume) Sum() (hash.Hash, error) {
	if r.Offset < 0 || int64(len(r.State)) != sumWords+r.Offset%sha256.BlockSize {
		return nil, fmt.Errorf("state of a SHA-256: %d bytes at %d: %w", len(r.State), r.Offset, ErrDamaged)
	}
	b := append([]byte(sumMagic), r.State...)
	b = append(b, make([]byte, sumWords+sha256.BlockSize-len(r.State))...)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Offset))
	h := sha256.New()
	u, ok := h.(encoding.BinaryUnmarshaler)
	if !ok {
		return nil, fmt.Errorf("sha256: %T takes no state", h)
	}
	if err := u.UnmarshalBinary(b); err != nil {
		return nil, fmt.Errorf("sha256: %w", err)
	}
	return h, nil
}
