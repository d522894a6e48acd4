package summary

import (
	"encoding/binary"
	"net/netip"
)

// Rows that wait in a scratch file to be merged are read back within seconds.
// There the two tables with most rows are written plainly, which takes a third
// of the time and twice the room of the pages of a case.

// plainAddresses is the codec of addresses for scratch files: of each page the threads,
// then its rows.
func plainAddresses(c codec[AddressRow]) codec[AddressRow] {
	c.encode = func(rows []AddressRow) Page {
		var list []*Thread
		number := map[*Thread]uint64{}
		out := make([]byte, 0, 2*spillWeight)
		for i := range rows {
			r := &rows[i]
			out = appendAddress(out, r.Addr)
			out = binary.AppendUvarint(out, uint64(r.First.Source))
			out = binary.AppendUvarint(out, uint64(r.First.Line))
			out = binary.AppendUvarint(out, uint64(r.Last.Source))
			out = binary.AppendVarint(out, r.Last.Line-r.First.Line)
			out = binary.AppendUvarint(out, uint64(len(r.Strands)))
			for j := range r.Strands {
				s := &r.Strands[j]
				n, ok := number[s.Thread]
				if !ok {
					n = uint64(len(list))
					number[s.Thread] = n
					list = append(list, s.Thread)
				}
				out = appendSum(binary.AppendUvarint(out, n), &s.Sum)
			}
		}
		head := binary.AppendUvarint(nil, uint64(len(list)))
		for _, t := range list {
			head = binary.AppendUvarint(head, uint64(t.Source))
			head = binary.AppendUvarint(head, t.bits())
			head = appendText(appendText(head, t.Service), t.Jail)
		}
		head = binary.AppendUvarint(head, uint64(len(rows)))
		return Page{Table: Addresses, Content: append(head, out...)}
	}
	var strands slab
	c.decode = func(content []byte) ([]AddressRow, error) {
		p := plainReader{parser{b: content}, string(content)}
		list := make([]Thread, p.rows())
		for i := range list {
			t := &list[i]
			t.Source = uint32(p.uint())
			t.setBits(p.uint())
			t.Service, t.Jail = p.text(), p.text()
		}
		rows := make([]AddressRow, p.rows())
		for i := range rows {
			if p.bad {
				break
			}
			r := &rows[i]
			r.Addr = p.address()
			r.First.Source, r.First.Line = uint32(p.uint()), int64(p.uint())
			r.Last.Source, r.Last.Line = uint32(p.uint()), r.First.Line+p.int()
			r.Strands = strands.take(p.count())
			for j := range r.Strands {
				n := p.uint()
				if n >= uint64(len(list)) {
					return nil, ErrPage
				}
				s := &r.Strands[j]
				s.Thread = &list[n]
				p.sum(&s.Sum)
				if j == 0 {
					r.First.Time, r.Last.Time = s.Sum.First, s.Sum.Last
				}
				r.First.Time, r.Last.Time = min(r.First.Time, s.Sum.First), max(r.Last.Time, s.Sum.Last)
			}
		}
		return rows, p.end()
	}
	return c
}

// plainTries is the codec of tries for scratch files: the rows one after the
// other.
func plainTries(c codec[TryRow]) codec[TryRow] {
	c.encode = func(rows []TryRow) Page {
		out := binary.AppendUvarint(make([]byte, 0, 4*spillWeight), uint64(len(rows)))
		for i := range rows {
			r := &rows[i]
			same := byte(1)
			if i == 0 || r.Addr != rows[i-1].Addr {
				same = 0
			}
			if out = append(out, same); same == 0 {
				out = appendAddress(out, r.Addr)
			}
			out = appendSum(appendText(out, r.User), &r.Sum)
		}
		return Page{Table: Tries, Content: out}
	}
	c.decode = func(content []byte) ([]TryRow, error) {
		p := plainReader{parser{b: content}, string(content)}
		rows := make([]TryRow, p.rows())
		var a netip.Addr
		for i := range rows {
			if p.byte() == 0 {
				a = p.address()
			}
			rows[i].Addr, rows[i].User = a, p.text()
			p.sum(&rows[i].Sum)
		}
		return rows, p.end()
	}
	return c
}

func appendAddress(out []byte, a netip.Addr) []byte {
	if a.Is4() {
		four := a.As4()
		return append(append(out, 4), four[:]...)
	}
	sixteen := a.As16()
	return append(append(out, 16), sixteen[:]...)
}

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

func appendSum(out []byte, s *Sum) []byte {
	out = binary.AppendUvarint(out, uint64(s.Events))
	out = binary.AppendUvarint(out, uint64(s.Count))
	out = binary.LittleEndian.AppendUint64(out, uint64(s.First))
	return binary.AppendUvarint(out, uint64(s.Last-s.First))
}

// plainReader reads a plain page.
type plainReader struct {
	parser
	whole string // the page, of which texts are parts
}

// rows reads how many of something a page has: no more than rows.
func (p *plainReader) rows() int {
	n := p.count()
	if n > maxRows {
		p.bad = true
		return 0
	}
	return n
}

func (p *plainReader) address() netip.Addr {
	a, _ := netip.AddrFromSlice(p.bytes(uint64(p.byte())))
	p.bad = p.bad || !a.IsValid()
	return a
}

func (p *plainReader) text() string {
	n := p.uint()
	at := len(p.whole) - len(p.b)
	return p.whole[at : at+len(p.bytes(n))]
}

func (p *plainReader) sum(s *Sum) {
	s.Events, s.Count = int64(p.uint()), int64(p.uint())
	if first := p.bytes(8); first != nil {
		s.First = int64(binary.LittleEndian.Uint64(first))
	}
	s.Last = s.First + int64(p.uint())
}

func (p *plainReader) end() error {
	if p.bad || len(p.b) > 0 {
		return ErrPage
	}
	return nil
}

// slab gives memory for strands, many at a time.
type slab struct{ free []Strand }

const slabStrands = 1024

func (s *slab) take(n int) []Strand {
	if n > len(s.free) {
		s.free = make([]Strand, max(n, slabStrands))
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}
