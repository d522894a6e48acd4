package summary

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// Tallies that wait in a scratch file to be merged are read back within
// seconds. There they are written plainly, which takes a third of the time and
// twice the room of the pages of a case: of each page the words, which are
// threads or users, then its rows.

// wording is how words of one sort are ordered and written.
type wording[T comparable] struct {
	table   Table
	compare func(a, b T) int
	// head ascends with the words, in headBits bits; different ones may have the same.
	head   func(word T) uint32
	fold   func(a, b *tally)
	append func(out []byte, word T) []byte
	// reader makes what reads words. Words that are the same are the same T, nearly always.
	reader func() func(p *parser) T
}

// headBits is how many bits tell nearly all words of an address apart; with an
// address of IPv4 they leave one bit of 64.
const headBits = 31

func threadHead(t *Thread) uint32 {
	const bits = 14 // of an action and all the rest
	if t.Source >= 1<<(headBits-bits)-1 {
		return 1<<headBits - 1
	}
	return t.Source<<bits | uint32(t.bits())
}

func userHead(name string) (head uint32) {
	for i := range 4 {
		head <<= 8
		if i < len(name) {
			head |= uint32(name[i])
		}
	}
	return head >> 1
}

func threadWording() wording[*Thread] {
	return wording[*Thread]{
		table: Addresses, compare: (*Thread).compare, head: threadHead, fold: foldStrand,
		append: func(out []byte, t *Thread) []byte {
			out = binary.AppendUvarint(out, uint64(t.Source))
			out = binary.AppendUvarint(out, t.bits())
			return appendText(appendText(out, t.Service), t.Jail)
		},
		reader: func() func(*parser) *Thread {
			known := map[string]*Thread{} // by their bytes
			return func(p *parser) *Thread {
				bytes := p.b
				t := Thread{Source: uint32(p.uint())}
				t.setBits(p.uint())
				service, jail := p.bytes(p.uint()), p.bytes(p.uint())
				bytes = bytes[:len(bytes)-len(p.b)]
				own := known[string(bytes)]
				if own == nil {
					t.Service, t.Jail = string(service), string(jail)
					own = &t
					forget(known)
					known[string(bytes)] = own
				}
				return own
			}
		},
	}
}

func userWording() wording[string] {
	return wording[string]{
		table: Tries, compare: strings.Compare, head: userHead, fold: foldTry, append: appendText,
		reader: func() func(*parser) string {
			known := map[string]string{}
			return func(p *parser) string {
				name := p.bytes(p.uint())
				own, ok := known[string(name)]
				if !ok {
					own = string(name)
					forget(known)
					known[own] = own
				}
				return own
			}
		},
	}
}

// maxKnown is how many words are known while runs are merged: those of a log
// are some thousands, and whoever makes up more gets them again and again.
const maxKnown = 1 << 14

func forget[K comparable, V any](known map[K]V) {
	if len(known) >= maxKnown {
		clear(known)
	}
}

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

// scratchPage gathers the rows of one page after the other. What put gets is
// gone with the next one.
type scratchPage[T comparable] struct {
	wording[T]
	put    func(Page) error
	number map[T]uint64
	words  []byte
	rows   []byte
	n      int
	page   []byte // memory for its content
}

// What the lowest bits of a row's first number say; above them it is the word's.
// Half of all rows are of one event, and nearly all of IPv4.
const (
	scratchSeveral = 1 // what follows from one event is written, too
	scratchWide    = 2 // the address and the line take more than 64 bits
)

func (s *scratchPage[T]) add(r *tally, word T) error {
	n, ok := s.number[word]
	if !ok {
		n = uint64(len(s.number))
		s.number[word] = n
		s.words = s.append(s.words, word)
	}
	form := n << 2
	if r.Events != 1 || r.Last != r.First || r.lastLine != r.firstLine {
		form |= scratchSeveral
	}
	if !r.is4() || uint64(r.firstLine) > math.MaxUint32 {
		form |= scratchWide
	}
	out := binary.AppendUvarint(s.rows, form)
	out = binary.AppendUvarint(out, uint64(r.Count))
	out = binary.LittleEndian.AppendUint64(out, uint64(r.First))
	if form&scratchWide != 0 {
		out = binary.LittleEndian.AppendUint64(out, r.high)
		out = binary.LittleEndian.AppendUint64(out, r.low)
		out = binary.LittleEndian.AppendUint64(out, uint64(r.firstLine))
	} else {
		out = binary.LittleEndian.AppendUint64(out, r.low<<32|uint64(r.firstLine))
	}
	if form&scratchSeveral != 0 {
		out = binary.AppendUvarint(out, uint64(r.Events))
		out = binary.AppendUvarint(out, uint64(r.Last-r.First))
		out = binary.AppendVarint(out, r.lastLine-r.firstLine)
	}
	s.rows = out
	s.n++
	if len(s.rows)+len(s.words) < spillWeight && s.n < maxRows {
		return nil
	}
	return s.close()
}

func (s *scratchPage[T]) close() error {
	if s.n == 0 {
		return nil
	}
	out := binary.AppendUvarint(s.page[:0], uint64(len(s.number)))
	out = append(out, s.words...)
	out = binary.AppendUvarint(out, uint64(s.n))
	out = append(out, s.rows...)
	clear(s.number)
	s.words, s.rows, s.n, s.page = s.words[:0], s.rows[:0], 0, out
	return s.put(Page{Table: s.table, Content: out})
}

// readTallies yields the tallies of a run.
func readTallies[T comparable](r *run, w wording[T], read func(*parser) T) *tallies[T] {
	pages := r.pages[w.table]
	var buf []byte
	return &tallies[T]{fill: func(t *tallies[T]) error {
		t.rows = t.rows[:0]
		if len(pages) == 0 {
			return nil
		}
		p := pages[0]
		pages = pages[1:]
		buf = append(buf[:0], make([]byte, p.size)...)
		if _, err := r.file.ReadAt(buf, p.at); err != nil {
			return fmt.Errorf("scratch file: %w", err)
		}
		return t.decode(buf, w, read)
	}}
}

// decode takes the rows and the words from a page.
func (t *tallies[T]) decode(content []byte, w wording[T], read func(*parser) T) error {
	p := parser{b: content}
	words := p.count()
	t.words, t.heads = t.words[:0], t.heads[:0]
	for range words {
		if p.bad {
			break
		}
		word := read(&p)
		t.words, t.heads = append(t.words, word), append(t.heads, w.head(word))
	}
	n := p.count()
	if p.bad || n > maxRows {
		return ErrPage
	}
	t.rows = t.rows[:0]
	for range n {
		form, count := p.uint(), p.uint()
		what := form >> 2
		r := tally{Sum: Sum{Events: 1, Count: int64(count)}}
		if form&scratchWide == 0 {
			if b := p.bytes(16); b != nil {
				at := binary.LittleEndian.Uint64(b[8:])
				r.First, r.low, r.firstLine = int64(binary.LittleEndian.Uint64(b)), at>>32, int64(uint32(at))
			}
		} else if b := p.bytes(32); b != nil {
			r.First, r.high = int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint64(b[8:])
			r.low, r.firstLine = binary.LittleEndian.Uint64(b[16:]), int64(binary.LittleEndian.Uint64(b[24:]))
		}
		r.Last, r.lastLine = r.First, r.firstLine
		if form&scratchSeveral != 0 {
			r.Events = int64(p.uint())
			r.Last += int64(p.uint())
			r.lastLine += p.int()
		}
		if p.bad || what >= uint64(len(t.words)) {
			return ErrPage
		}
		r.what = uint32(what)
		t.rows = append(t.rows, r)
	}
	if len(p.b) > 0 || n == 0 {
		return ErrPage
	}
	return nil
}
