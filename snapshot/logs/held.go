package logs

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"stilltrace/index"
)

// held are the logs that the case holds already, by what they are known again.
//
// A log is known by its file (device and inode) if the file is not shorter
// than what is held, begins with the same bytes, and has the same ones before
// the end of what is held. What lies between is not read again where the file
// has grown: a case that grows once a minute could not afford it. Where it was
// written to without growing it is, whole.
//
// A log that went to another file (copied and truncated, packed, restored) is
// known by its text: all that is held must stand at the start of it, by its
// SHA-256.
type held struct {
	byFile   map[fileID]*heldLog
	byFamily map[string][]*heldLog
}

// heldLog is one log of the case.
type heldLog struct {
	*index.Log
	gaps    []index.Gap // what could not be read of it
	claimed bool        // a file of this capture is this log
}

// maxTwins bounds how many logs of a family a file is compared with whose
// first bytes are the same: each may cost to read the file once.
const maxTwins = 8

// newHeld returns what the case holds, which is nothing where there is none.
func newHeld(r *index.Reader) (*held, error) {
	h := &held{byFile: map[fileID]*heldLog{}, byFamily: map[string][]*heldLog{}}
	if r == nil {
		return h, nil
	}
	lost := map[int]map[string][]index.Gap{} // by snapshot and place
	logs := r.Logs(0)
	for i := range logs {
		l := &heldLog{Log: &logs[i]}
		if l.Resume == nil {
			continue
		}
		if _, err := l.Resume.Sum(); err != nil {
			return nil, fmt.Errorf("%s: %w", l.Path, err)
		}
		read := r.Sources()[l.Tip()-1].Snapshot
		if lost[read] == nil {
			var err error
			if lost[read], err = lostLogs(r, read); err != nil {
				return nil, err
			}
		}
		l.gaps = lost[read][l.Path]
		// An inode that was used twice is that of the younger file.
		h.byFile[fileID{l.Device, l.Inode}] = l
		family, _ := rotation(l.Path)
		h.byFamily[family] = append(h.byFamily[family], l)
	}
	for _, list := range h.byFamily {
		// What holds more of a file says more about it.
		slices.SortStableFunc(list, func(a, b *heldLog) int { return cmp.Compare(b.Bytes, a.Bytes) })
	}
	return h, nil
}

func lostLogs(r *index.Reader, snapshot int) (map[string][]index.Gap, error) {
	out := map[string][]index.Gap{}
	for g, err := range r.Gaps(snapshot) {
		if err != nil {
			return nil, err
		}
		if g.Area == "log" {
			out[g.Place] = append(out[g.Place], *g)
		}
	}
	return out, nil
}

// find returns the log that the file is; nil where the case does not have it.
// It leaves the file at any place.
func (h *held) find(ctx context.Context, o *opened) (*heldLog, error) {
	if id, ok := idOf(o.stat); ok {
		if l := h.byFile[id]; l != nil && !l.claimed {
			if same, err := l.sameFile(ctx, o); same || err != nil {
				l.claimed = true
				return l, err
			}
		}
	}
	family, _ := rotation(o.path)
	tries := 0
	for _, l := range h.byFamily[family] {
		if l.claimed || l.Bytes == 0 || tries >= maxTwins || !l.sameStart(o) {
			continue
		}
		tries++
		if same, err := l.sameText(ctx, o); same || err != nil {
			l.claimed = true
			return l, err
		}
	}
	return nil, nil
}

func (l *heldLog) packed() bool { return l.Compression != "" }

// sameFile reports whether o, which has the log's device and inode, is still
// that file and not another one which came to its number.
func (l *heldLog) sameFile(ctx context.Context, o *opened) (bool, error) {
	mtime := index.TimeOf(o.stat.ModTime())
	if l.packed() != o.gzip || o.stat.Size() < l.Bytes && !o.gzip || o.gzip && (o.stat.Size() != l.Size || mtime != l.Mtime) {
		return false, nil
	}
	// Of a few bytes, or none, any file may have the same.
	if family, _ := rotation(o.path); l.Bytes < index.MarkSize {
		if own, _ := rotation(l.Path); own != family {
			return false, nil
		}
	}
	if head, tail, err := o.marks(l.Bytes); err != nil || !bytes.Equal(head, l.Resume.Head) || !bytes.Equal(tail, l.Resume.Tail) {
		return false, err
	}
	if !o.gzip && o.stat.Size() == l.Bytes && mtime != l.Mtime {
		return l.sameText(ctx, o)
	}
	return true, nil
}

// sameStart reports whether o may have the log's text: it is not shorter, and
// begins alike.
func (l *heldLog) sameStart(o *opened) bool {
	if l.packed() {
		return o.gzip && o.stat.Size() == l.Size && bytes.Equal(o.headMark(o.stat.Size()), l.Resume.Head)
	}
	if !o.gzip {
		return o.stat.Size() >= l.Bytes && bytes.Equal(o.headMark(l.Bytes), l.Resume.Head)
	}
	if o.rewind() != nil {
		return false
	}
	head := make([]byte, min(l.Bytes, index.MarkSize))
	_, err := io.ReadFull(o.text, head)
	return err == nil && bytes.Equal(index.Mark(head), l.Resume.Head)
}

// sameText reports whether the text of o begins with all that is held of the
// log. Of a packed log it is the file's own bytes that are compared.
func (l *heldLog) sameText(ctx context.Context, o *opened) (bool, error) {
	if err := o.rewind(); err != nil {
		return false, nil
	}
	text, size, want := io.Reader(o.text), l.Bytes, l.SHA256
	if l.packed() {
		text, size, want = io.NewSectionReader(o.file, 0, l.Size), l.Size, l.FileSHA256
	}
	sum := sha256.New()
	for size > 0 {
		n, err := io.CopyN(sum, text, min(size, chunkSize))
		if size -= n; err != nil {
			// What is torn or too short has another text; the way that reads it will say why.
			return false, nil
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)) == want, nil
}

// unchanged reports whether o, which is the log, has nothing new: neither text
// nor a name.
func (l *heldLog) unchanged(o *opened) bool {
	if l.Path != o.path || l.packed() != o.gzip {
		return false
	}
	// What could not be read to its end is not tried again until the file is another.
	return o.gzip || o.stat.Size() == l.Bytes || o.stat.Size() == l.Size && index.TimeOf(o.stat.ModTime()) == l.Mtime
}

// marks are those by which the file is known again, of which the first end
// bytes of text are held.
func (o *opened) marks(end int64) (head, tail []byte, err error) {
	if o.gzip {
		end = o.stat.Size()
	}
	if head = o.headMark(end); head == nil {
		return nil, nil, errShort
	}
	tail, err = o.tailMark(end)
	return head, tail, err
}

// tailMark is the mark of the file's bytes before end.
func (o *opened) tailMark(end int64) ([]byte, error) {
	from := max(0, end-index.MarkSize)
	last := make([]byte, end-from)
	if _, err := o.file.ReadAt(last, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, cause(err)
	}
	return index.Mark(last), nil
}

// remember keeps by what the file is known before its text is read: after that
// it may be another log, which was begun when this one was copied and truncated.
func (o *opened) remember() {
	o.first = make([]byte, min(o.stat.Size(), index.MarkSize))
	// What cannot be read here cannot be read as text either, and that says why.
	n, _ := o.file.ReadAt(o.first, 0)
	o.first = o.first[:n]
	o.tail, _ = o.tailMark(o.stat.Size())
}

// remembered are the marks of the file whose text was read up to end.
func (o *opened) remembered(end int64) (head, tail []byte, err error) {
	if o.gzip {
		end = o.stat.Size()
	}
	if tail = o.tail; tail == nil || end != o.stat.Size() {
		tail, err = o.tailMark(end)
	}
	return index.Mark(o.first[:min(end, int64(len(o.first)))]), tail, err
}

var errShort = errors.New("its first bytes cannot be read")

// headMark is the mark of the file's first bytes, at most end; nil where they
// cannot be read.
func (o *opened) headMark(end int64) []byte {
	head := make([]byte, min(end, index.MarkSize))
	if n, err := o.file.ReadAt(head, 0); n < len(head) || err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return index.Mark(head)
}
