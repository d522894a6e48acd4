package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"

	"stilltrace/index/summary"
)

const (
	// summaryBytes bounds the memory of all summaries while a case is written, whatever is in the logs.
	summaryBytes = 12 << 20
	// maxExample is how much of a message is kept as the example of an error: the head of a long traceback, and the rest of its last character.
	maxExample = 2000 + 3
	// maxTimes is the most that one event may count for. Nothing repeats a message more often than this, and a sum of such events over
	// the largest case stays within an int64.
	maxTimes = 1 << 31
)

// Times returns how often the thing happened that an event reports whose Count
// is given: at least once.
func Times(count int) int64 { return int64(min(max(count, 1), maxTimes)) }

// summarizer feeds the summary with the entries of the blocks of one builder.
type summarizer struct {
	*summary.Builder
	round summary.Round
	kinds [kindSlots]knownKind
	key   []byte
	event summary.Event
	lots  []*summary.Lot // of the block
}

// kindSlots is how many kinds are remembered by their bytes: most entries are of some hundred kinds.
const kindSlots = 1024

// knownKind is the number of a kind in a round, and its bytes.
type knownKind struct {
	key           []byte
	round, number int
}

func newSummarizer(limit int, scratch func() (summary.Scratch, error)) *summarizer {
	o := summaryOptions()
	o.Limit, o.Scratch = limit, scratch
	return &summarizer{Builder: summary.NewBuilder(o)}
}

// summaryOptions is what all summaries of a case have in common.
func summaryOptions() summary.Options {
	return summary.Options{
		MaxExample: maxExample, Blocks: insideBlocks(),
		Actions: summary.Actions{
			LoginFailed: uint8(ActionLoginFailed), Login: uint8(ActionLogin), Request: uint8(ActionHTTPRequest),
			Banned: uint8(ActionIPBanned), Unbanned: uint8(ActionIPUnbanned),
		},
	}
}

// insideBlocks are the networks of hosts that are not on the internet (RFC 6890),
// whose addresses an overview leaves out.
func insideBlocks() []netip.Prefix {
	var list []netip.Prefix
	for _, s := range [...]string{
		"0.0.0.0/32", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4",
		"::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8",
	} {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

// begin is called before the entries of a block.
func (s *summarizer) begin() error {
	round, err := s.Begin()
	s.round = round
	return err
}

// add takes in an entry of a source; offset is that of its first byte, line the
// first one of it.
func (s *summarizer) add(source uint32, offset, line int64, e *Entry) {
	v := &s.event
	v.Kind = s.kindOf(source, e)
	v.User, v.About = summary.None, summary.None
	if len(e.User) > 0 {
		v.User = s.User(e.User)
	}
	if e.IP.IsValid() {
		v.About = s.Address(e.IP)
	}
	v.Names = v.Names[:0]
	for _, a := range e.IPs {
		if a.IsValid() {
			v.Names = append(v.Names, s.Address(a))
		}
	}
	v.Times, v.Time, v.Line, v.Offset, v.Message = Times(e.Count), int64(e.Time), line, offset, e.Message
	s.Add(v)
}

// kindOf returns the number of the entry's kind.
func (s *summarizer) kindOf(source uint32, e *Entry) int {
	kind, jail, class := e.kind()
	k := append(s.key[:0], byte(e.Action), byte(e.Level), byte(e.Outcome), byte(e.Clock), class)
	k = binary.BigEndian.AppendUint32(k, source)
	for _, text := range [...][]byte{e.Service, e.Host, kind, jail} {
		k = append(binary.AppendUvarint(k, uint64(len(text))), text...)
	}
	k = append(k, e.Signature...)
	s.key = k
	known := &s.kinds[crc32.Checksum(k, castagnoli)%kindSlots]
	if known.round != s.round.Names || !bytes.Equal(known.key, k) {
		known.number = s.Kind(e.summaryKind(source))
		known.key, known.round = append(known.key[:0], k...), s.round.Names
	}
	return known.number
}

// summaryKind is the kind of the entry, and whether a summary keeps an example
// of it.
func (e *Entry) summaryKind(source uint32) (summary.Kind, bool) {
	kind, jail, class := e.kind()
	return summary.Kind{
		Class:  summary.Class{Action: uint8(e.Action), Level: uint8(e.Level), Outcome: uint8(e.Outcome)},
		Source: source, Clock: uint8(e.Clock), Status: class,
		Service: string(e.Service), Host: string(e.Host), Type: string(kind), Jail: string(jail), Signature: string(e.Signature),
	}, e.Level.AtLeast(LevelErr) || e.Action.Trouble() || class == 5
}

// kind returns what of an entry's own fields tells its kind: the class of an
// exception, the state of SQL or the status of HTTP; the jail; and the class
// of the answer to a request, 1 to 5, or 0.
func (e *Entry) kind() (kind, jail []byte, class uint8) {
	status := e.field("status")
	if e.Action != ActionHTTPRequest {
		status = nil
	}
	if len(status) == 3 && status[0] >= '1' && status[0] <= '5' {
		class = status[0] - '0'
	}
	if kind = e.field("exception"); len(kind) == 0 {
		kind = e.field("sqlstate")
	}
	if len(kind) == 0 {
		kind = status
	}
	return kind, e.field("jail"), class
}

// field returns the value of the first field of that name.
func (e *Entry) field(name string) []byte {
	for i := range e.Fields {
		if e.Fields[i].Name == name {
			return e.Fields[i].Value
		}
	}
	return nil
}

// NewSegmentBuilder returns an empty builder whose entries go into the summary
// of this case. Only segments of such builders can be added.
func (w *Writer) NewSegmentBuilder() (*SegmentBuilder, error) {
	b, err := newSegmentBuilder(w.group.table.seed)
	if err != nil {
		return nil, err
	}
	b.sum = w.newSummarizer()
	w.builders = append(w.builders, b)
	return b, nil
}

func (w *Writer) newSummarizer() *summarizer {
	return newSummarizer(summaryBytes/runtime.GOMAXPROCS(0), w.scratch)
}

// scratch makes a file beside the case that has no name: nothing of it stays,
// however the capture ends.
func (w *Writer) scratch() (summary.Scratch, error) {
	f, err := os.CreateTemp(filepath.Dir(w.temp), ".stilltrace-scratch-*")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Dir(w.temp), bareError(err))
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, bareError(err)
	}
	return f, nil
}

// takeSums takes from all builders what they saw, which is that of a snapshot.
// The builders are done with: while summaries are merged, the memory of those
// who wrote segments would be half of all.
func (w *Writer) takeSums() (sums []*summary.Builder) {
	for _, b := range w.builders {
		sums = append(sums, b.sum.Builder)
		*b = SegmentBuilder{}
	}
	w.builders = nil
	return sums
}

// writeSummary adds the run of the snapshot: what all its builders saw. Without
// an event there is none.
func (w *Writer) writeSummary(snapshot uint32, sums *merging) error {
	pages := pageKeys{snapshot: snapshot}
	for p := range sums.pages {
		if err := w.put(bucketSummary, pages.next(p.Page), p.packed); err != nil {
			sums.end()
			return err
		}
	}
	return sums.err
}

// merging is summaries that are merged while the last terms are written.
type merging struct {
	pages chan packedPage
	stop  chan struct{}
	err   error // once there are no more pages
}

// packedPage is a page whose content is packed, and gone.
type packedPage struct {
	summary.Page
	packed []byte
}

// pagesWaiting is how many pages wait for the Writer: some hundred kilobytes.
const pagesWaiting = 32

var errUnwanted = errors.New("nobody wants its pages")

// mergeSums begins to merge what builders saw of so many events.
func mergeSums(events int64, sums []*summary.Builder) (*merging, error) {
	m := &merging{pages: make(chan packedPage, pagesWaiting), stop: make(chan struct{})}
	if events == 0 {
		close(m.pages)
		return m, nil
	}
	pack, err := newPacker()
	if err != nil {
		return nil, err
	}
	go func() {
		defer close(m.pages)
		m.err = summary.Merge(summaryOptions(), sums, func(p summary.Page) error {
			packed := packedPage{summary.Page{Table: p.Table, Key: p.Key}, pack.pack(p.Content, p.Ends...)}
			select {
			case <-m.stop:
				return errUnwanted
			default:
			}
			select {
			case m.pages <- packed:
				return nil
			case <-m.stop:
				return errUnwanted
			}
		})
	}()
	return m, nil
}

// end waits for the end of a merge whose pages nobody wants.
func (m *merging) end() {
	close(m.stop)
	for range m.pages {
	}
}

// pageKeys makes the keys of the pages of a run.
type pageKeys struct {
	snapshot uint32
	table    summary.Table
	n        uint32 // pages of the table
}

// next is the key of the next page: snapshot, table, the page's own key, and
// its number among the pages of the table.
func (k *pageKeys) next(p summary.Page) []byte {
	if p.Table != k.table {
		k.table, k.n = p.Table, 0
	}
	key := append(append(key32(k.snapshot), byte(p.Table)), p.Key...)
	key = binary.BigEndian.AppendUint32(key, k.n)
	k.n++
	return key
}

// entry is the event as it went into the case, as far as a summary looks at it.
func (e *Event) entry() *Entry {
	out := &Entry{
		Time: e.Time, Clock: e.Clock, Level: e.Level, Action: e.Action, Outcome: e.Outcome, Count: e.Count, IP: e.IP, IPs: e.IPs,
		Host: []byte(e.Host), Service: []byte(e.Service), User: []byte(e.User), Message: []byte(e.Message), Signature: []byte(e.Sign),
	}
	for _, f := range e.Fields {
		out.Fields = append(out.Fields, EntryField{Name: f.Name, Value: []byte(f.Value)})
	}
	return out
}
