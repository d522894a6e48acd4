package index

import (
	"fmt"
	"io"
	"sort"
)

// heldScratch is a scratch file in memory, for who reads a case and writes
// nothing: packed, each piece that was written by itself. It is read in the
// pieces in which it was written.
type heldScratch struct {
	pack   *packer
	open   *opener
	size   int64
	pieces []heldPiece
}

type heldPiece struct {
	at     int64
	size   int
	packed []byte
}

func (h *heldScratch) Write(p []byte) (int, error) {
	packed := h.pack.enc.EncodeAll(p, nil)
	h.pieces = append(h.pieces, heldPiece{h.size, len(p), append(make([]byte, 0, len(packed)), packed...)})
	h.size += int64(len(p))
	return len(p), nil
}

func (h *heldScratch) ReadAt(p []byte, at int64) (int, error) {
	i := sort.Search(len(h.pieces), func(i int) bool { return h.pieces[i].at >= at })
	if i == len(h.pieces) || h.pieces[i].at != at || h.pieces[i].size != len(p) {
		return 0, io.ErrUnexpectedEOF
	}
	if _, err := h.open.dec.DecodeAll(h.pieces[i].packed, p[:0]); err != nil {
		return 0, fmt.Errorf("zstd: %w", err)
	}
	return len(p), nil
}

func (h *heldScratch) Close() error { return nil }
