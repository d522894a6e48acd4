package proc

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
)

// sqlite reads the tables of a small database of SQLite, as its file format
// (https://sqlite.org/fileformat2.html) has them: UTF-8, no index, no journal.
type sqlite struct {
	data         []byte
	page, usable int
	seen         map[uint32]bool // pages of the table that is read, each of which belongs to one place
}

const (
	sqliteMagic = "SQLite format 3\x00"
	// sqlitePayload bounds one row: none of a login is that long.
	sqlitePayload = 64 << 10
	// sqliteColumns bounds the values of a row.
	sqliteColumns = 64
	leafPage      = 0x0d
	innerPage     = 0x05
)

func openSQLite(data []byte) (*sqlite, error) {
	if len(data) < 100 || string(data[:16]) != sqliteMagic {
		return nil, torn("no header of SQLite")
	}
	s := &sqlite{data: data, page: int(binary.BigEndian.Uint16(data[16:]))}
	if s.page == 1 {
		s.page = 1 << 16
	}
	if s.usable = s.page - int(data[20]); s.page < 512 || s.page&(s.page-1) != 0 || s.usable < 480 {
		return nil, torn("pages of %d bytes", s.page)
	}
	if coding := binary.BigEndian.Uint32(data[56:]); coding > 1 {
		return nil, torn("text in the encoding %d", coding)
	}
	return s, nil
}

// rows calls each with the rows of a table, by their ids. The values have the
// names of the columns; one that is missing was NULL. An integer is an int64, a
// text a string.
func (s *sqlite) rows(table string, each func(id int64, row map[string]any)) error {
	root, columns := uint32(0), []string(nil)
	err := s.walk(1, func(_ int64, v []any) {
		if len(v) < 5 || v[0] != "table" {
			return
		}
		name, _ := v[1].(string)
		page, _ := v[3].(int64)
		text, _ := v[4].(string)
		if strings.EqualFold(name, table) && page > 0 && page < math.MaxUint32 {
			root, columns = uint32(page), columnsOf(text)
		}
	})
	if err != nil {
		return err
	}
	if root == 0 {
		return torn("no table %s", table)
	}
	return s.walk(root, func(id int64, v []any) {
		row := map[string]any{}
		for i, name := range columns {
			if i < len(v) && v[i] != nil {
				row[name] = v[i]
			}
		}
		each(id, row)
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
func (s *sqlite) walk(root uint32, each func(id int64, values []any)) error {
	s.seen = map[uint32]bool{}
	for stack := []uint32{root}; len(stack) > 0; {
		number := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		p := s.at(number)
		if p == nil || s.seen[number] {
			return torn("page %d of %d", number, len(s.data)/s.page)
		}
		s.seen[number] = true
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

// at is a page, nil where there is none.
func (s *sqlite) at(number uint32) []byte {
	from := (int(number) - 1) * s.page
	if number == 0 || from+s.page > len(s.data) {
		return nil
	}
	return s.data[from : from+s.page]
}

// cell reads one row: the size of its payload, its id, and the payload, of
// which the rest may lie on pages of its own.
func (s *sqlite) cell(b []byte, each func(id int64, values []any)) error {
	size, b, ok1 := varint(b)
	id, b, ok2 := varint(b)
	if !ok1 || !ok2 || size > sqlitePayload {
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
		payload = bytes.Clone(payload)
		for next := binary.BigEndian.Uint32(b[local:]); len(payload) < n; {
			p := s.at(next)
			if p == nil || s.seen[next] {
				return torn("row without its end")
			}
			s.seen[next] = true
			next = binary.BigEndian.Uint32(p)
			payload = append(payload, p[4:4+min(n-len(payload), s.usable-4)]...)
		}
	}
	values, ok := record(payload)
	if !ok {
		return torn("row %d", id)
	}
	each(int64(id), values)
	return nil
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

// valueOf is an integer or a text; other types do not tell of logins.
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
	}
	return nil
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
