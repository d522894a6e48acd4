package proc

import (
	"encoding/binary"
	"io"
	"math"
	"strings"
)

// sqlite reads the tables of a database of SQLite, as its file format
// (https://sqlite.org/fileformat2.html) has them: UTF-8, no index, no journal.
type sqlite struct {
	file         io.ReaderAt
	size         int64
	most         int // bytes of a row
	page, usable int
	seen         map[uint32]bool // pages of the table that is read, each of which belongs to one place
	room         []byte          // of a page
}

const (
	sqliteMagic = "SQLite format 3\x00"
	// sqliteColumns bounds the values of a row.
	sqliteColumns = 64
	leafPage      = 0x0d
	innerPage     = 0x05
)

// openSQLite opens a database of that many bytes. A row of more than most bytes
// is an error.
func openSQLite(file io.ReaderAt, size int64, most int) (*sqlite, error) {
	var head [100]byte
	if _, err := file.ReadAt(head[:], 0); err != nil && err != io.EOF {
		return nil, err
	}
	if size < int64(len(head)) || string(head[:16]) != sqliteMagic {
		return nil, torn("no header of SQLite")
	}
	s := &sqlite{file: file, size: size, most: most, page: int(binary.BigEndian.Uint16(head[16:]))}
	if s.page == 1 {
		s.page = 1 << 16
	}
	if s.usable = s.page - int(head[20]); s.page < 512 || s.page&(s.page-1) != 0 || s.usable < 480 {
		return nil, torn("pages of %d bytes", s.page)
	}
	if coding := binary.BigEndian.Uint32(head[56:]); coding > 1 {
		return nil, torn("text in the encoding %d", coding)
	}
	s.room = make([]byte, s.page)
	return s, nil
}

// rows calls each with the rows of a table, by their ids, until it returns an
// error, which is returned. The values have the names of the columns; one that
// is missing was NULL. An integer is an int64, a text a string, anything else
// bytes, which are there until each returns.
func (s *sqlite) rows(table string, each func(row map[string]any) error) error {
	root, columns := uint32(0), []string(nil)
	err := s.walk(1, func(v []any) error {
		if len(v) < 5 || v[0] != "table" {
			return nil
		}
		name, _ := v[1].(string)
		page, _ := v[3].(int64)
		text, _ := v[4].(string)
		if strings.EqualFold(name, table) && page > 0 && page < math.MaxUint32 {
			root, columns = uint32(page), columnsOf(text)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if root == 0 {
		return torn("no table %s", table)
	}
	return s.walk(root, func(v []any) error {
		row := map[string]any{}
		for i, name := range columns {
			if i < len(v) && v[i] != nil {
				row[name] = v[i]
			}
		}
		return each(row)
	})
}

// columnsOf are the names of the columns of CREATE TABLE, in lower case.
func columnsOf(text string) []string {
	_, list, _ := strings.Cut(text, "(")
	var names []string
	for one := range strings.SplitSeq(list, ",") {
		if f := strings.Fields(one); len(f) > 0 && len(names) < sqliteColumns {
			names = append(names, strings.ToLower(strings.Trim(f[0], "\"`[]'")))
		}
	}
	return names
}

// walk visits the pages of a table, those before others first.
func (s *sqlite) walk(root uint32, each func(values []any) error) error {
	s.seen = map[uint32]bool{}
	for stack := []uint32{root}; len(stack) > 0; {
		number := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if err := s.read(number, s.room); err != nil {
			return err
		}
		p := s.room
		head := 0
		if number == 1 {
			head = 100
		}
		cells := int(binary.BigEndian.Uint16(p[head+3:]))
		width := 8
		if p[head] == innerPage {
			width = 12
			stack = append(stack, binary.BigEndian.Uint32(p[head+8:]))
		} else if p[head] != leafPage {
			return torn("page %d is of the kind %d", number, p[head])
		}
		if head+width+2*cells > s.usable {
			return torn("%d cells on page %d", cells, number)
		}
		for i := range cells {
			if p[head] == innerPage {
				i = cells - 1 - i // the first child is to be on top
			}
			at := int(binary.BigEndian.Uint16(p[head+width+2*i:]))
			if at+4 > s.usable {
				return torn("cell %d of page %d", i, number)
			}
			if p[head] == innerPage {
				stack = append(stack, binary.BigEndian.Uint32(p[at:]))
				continue
			}
			if err := s.cell(p[at:s.usable], each); err != nil {
				return err
			}
		}
	}
	return nil
}

// read fills b from the beginning of a page that was not read before.
func (s *sqlite) read(number uint32, b []byte) error {
	from := (int64(number) - 1) * int64(s.page)
	if number == 0 || s.seen[number] || from+int64(s.page) > s.size {
		return torn("page %d of %d", number, s.size/int64(s.page))
	}
	s.seen[number] = true
	if _, err := s.file.ReadAt(b, from); err != nil && err != io.EOF {
		return err
	} else if err != nil {
		return torn("page %d is not there any more", number)
	}
	return nil
}

// cell reads one row: the size of its payload, its id, and the payload, of
// which the rest may lie on pages of its own.
func (s *sqlite) cell(b []byte, each func(values []any) error) error {
	size, b, ok1 := varint(b)
	id, b, ok2 := varint(b)
	if !ok1 || !ok2 || size > uint64(s.most) || int64(size) > s.size {
		return torn("row of %d bytes", size)
	}
	local, n := int(size), int(size)
	if most := s.usable - 35; n > most {
		least := (s.usable-12)*32/255 - 23
		if local = least + (n-least)%(s.usable-4); local > most {
			local = least
		}
	}
	if local > len(b) || n > local && local+4 > len(b) {
		return torn("row of %d bytes in %d", n, len(b))
	}
	payload := b[:local]
	if n > local {
		payload = append(make([]byte, 0, n+s.usable), payload...)
		for next := binary.BigEndian.Uint32(b[local:]); len(payload) < n; {
			// A page begins with the number of the next one, over which its content is moved.
			at := len(payload)
			p := payload[at : at+4+min(n-at, s.usable-4)]
			if err := s.read(next, p); err != nil {
				return err
			}
			next = binary.BigEndian.Uint32(p)
			payload = payload[:at+copy(p, p[4:])]
		}
	}
	values, ok := record(payload)
	if !ok {
		return torn("row %d", id)
	}
	return each(values)
}

// record reads the values of a row: a header with their types, then they.
func record(b []byte) (values []any, ok bool) {
	size, rest, ok := varint(b)
	if !ok || size > uint64(len(b)) || int(size) < len(b)-len(rest) {
		return nil, false
	}
	head, body := b[len(b)-len(rest):size], b[size:]
	for len(head) > 0 && len(values) < sqliteColumns {
		var kind uint64
		if kind, head, ok = varint(head); !ok {
			return nil, false
		}
		n := sizeOf(kind)
		if n > uint64(len(body)) {
			return nil, false
		}
		values = append(values, valueOf(kind, body[:n]))
		body = body[n:]
	}
	return values, true
}

// sizeOf is how many bytes a value of a serial type takes.
func sizeOf(kind uint64) uint64 {
	if kind >= 12 {
		return (kind - 12) / 2
	}
	return [12]uint64{0, 1, 2, 3, 4, 6, 8, 8}[kind]
}

// valueOf is an integer, a text, or bytes, which are those of the row.
func valueOf(kind uint64, b []byte) any {
	switch {
	case kind == 8, kind == 9:
		return int64(kind - 8)
	case kind >= 1 && kind <= 6:
		n := int64(int8(b[0])) // the sign is that of the first byte
		for _, c := range b[1:] {
			n = n<<8 | int64(c)
		}
		return n
	case kind >= 13 && kind%2 == 1:
		return string(b)
	case kind == 0:
		return nil
	}
	return b
}

// varint reads a number of up to nine bytes, the high ones first.
func varint(b []byte) (n uint64, rest []byte, ok bool) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return n<<8 | uint64(b[i]), b[9:], true
		}
		n = n<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}
