package proc

import (
	"encoding/binary"
	"io"
)

// sqliteHeaders calls each with the headers of the packages in a database of
// SQLite, which rpm makes since 4.16. A header is there until each returns.
func sqliteHeaders(f io.ReaderAt, size int64, each func(header []byte) error) error {
	db, err := openSQLite(f, size, maxPackageHeader)
	if err != nil {
		return err
	}
	return db.rows("Packages", func(row map[string]any) error {
		blob, _ := row["blob"].([]byte)
		return each(blob)
	})
}

// bdbHeaders is the same for the hash of Berkeley DB that rpm made up to 4.15:
// pairs of a number and a header, which lies on pages of its own
// (src/dbinc/db_page.h of Berkeley DB).
func bdbHeaders(f io.ReaderAt, size int64, each func(header []byte) error) error {
	const hashMagic, hashPage, oldHashPage = 0x061561, 13, 2
	meta, err := partOf(f, size, 0, 512)
	if err != nil {
		return err
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(meta[12:]) != hashMagic {
		order = binary.BigEndian
	}
	db := bdb{file: f, size: size, order: order, page: int(order.Uint32(meta[20:])), seen: map[uint32]bool{}}
	if order.Uint32(meta[12:]) != hashMagic || db.page < 512 || db.page > 64<<10 || db.page&(db.page-1) != 0 {
		return torn("no hash of Berkeley DB")
	}
	for number := uint32(1); number <= order.Uint32(meta[32:]); number++ {
		p, err := partOf(f, size, int64(number)*int64(db.page), db.page)
		if err != nil {
			return err
		}
		if p[25] == hashPage || p[25] == oldHashPage {
			if err := db.pairs(p, each); err != nil {
				return err
			}
		}
	}
	return nil
}

// bdb is a hash of Berkeley DB.
type bdb struct {
	file  io.ReaderAt
	size  int64
	order binary.ByteOrder
	page  int
	seen  map[uint32]bool // pages of values, each of which belongs to one
}

// bdbHead is what each page begins with.
const bdbHead = 26

// pairs reads the keys and the values of a page. The items stand from its end,
// and where each begins at its start.
func (d *bdb) pairs(p []byte, each func(header []byte) error) error {
	const inline, elsewhere = 1, 3
	n := int(d.order.Uint16(p[20:]))
	if bdbHead+2*n > len(p) {
		return torn("%d items on a page of Berkeley DB", n)
	}
	end := len(p)
	var key []byte
	for i := range n {
		at := int(d.order.Uint16(p[bdbHead+2*i:]))
		if at >= end || at < bdbHead+2*n {
			return torn("item %d of a page of Berkeley DB", i)
		}
		item := p[at:end]
		if end = at; i%2 == 0 {
			key = item
			continue
		}
		value := item[1:]
		switch {
		case len(key) == 5 && allZero(key[1:]): // under 0 stands the highest number that was given
			continue
		case item[0] == elsewhere && len(item) >= 12:
			var err error
			if value, err = d.value(d.order.Uint32(item[4:]), int64(d.order.Uint32(item[8:]))); err != nil {
				return err
			}
		case item[0] != inline:
			return torn("item of the kind %d in Berkeley DB", item[0])
		}
		if err := each(value); err != nil {
			return err
		}
	}
	return nil
}

// value reads what lies on pages of its own, one after the other.
func (d *bdb) value(number uint32, length int64) ([]byte, error) {
	const valuePage = 7
	if length > maxPackageHeader || length > d.size {
		return nil, torn("value of %d bytes", length)
	}
	all := make([]byte, 0, length)
	for int64(len(all)) < length {
		if d.seen[number] {
			return nil, torn("page %d of Berkeley DB in two values", number)
		}
		d.seen[number] = true
		p, err := partOf(d.file, d.size, int64(number)*int64(d.page), d.page)
		if err != nil {
			return nil, err
		}
		used := int(d.order.Uint16(p[22:]))
		if p[25] != valuePage || used == 0 || bdbHead+used > len(p) || int64(len(all)+used) > length {
			return nil, torn("page %d of Berkeley DB", number)
		}
		all = append(all, p[bdbHead:bdbHead+used]...)
		number = d.order.Uint32(p[16:])
	}
	return all, nil
}

// partOf reads so many bytes of a file of that size.
func partOf(f io.ReaderAt, size, at int64, n int) ([]byte, error) {
	if at < 0 || n < 0 || at+int64(n) > size {
		return nil, torn("%d bytes at %d of %d", n, at, size)
	}
	b := make([]byte, n)
	if _, err := f.ReadAt(b, at); err != nil {
		return nil, orTorn(err, "it became shorter")
	}
	return b, nil
}

// orTorn is err, unless it is none or only says that the file ended.
func orTorn(err error, what string) error {
	if err == nil || err == io.EOF {
		return torn("%s", what)
	}
	return err
}
