package logs

import "hash"

// digest is the SHA-256 of a log while it is read. It takes in what a chunk
// probably has before it is known where the chunk ends: what was just read is
// in the caches of the processor, and hashed in three quarters of the time.
type digest struct {
	sum    hash.Hash // of what comes before the chunk, and of its first ahead bytes
	before hash.Hash // of what comes before the chunk
	ahead  int
}

// see takes in text, which the chunk probably begins with.
func (d *digest) see(text []byte) {
	if d.ahead == 0 {
		sum, ok := d.sum.(hash.Cloner)
		if !ok {
			return
		}
		before, err := sum.Clone()
		if err != nil {
			return
		}
		d.before = before
	}
	if len(text) > d.ahead {
		d.sum.Write(text[d.ahead:])
		d.ahead = len(text)
	}
}

// take takes in the chunk.
func (d *digest) take(chunk []byte) {
	if d.ahead > len(chunk) {
		d.sum, d.ahead = d.before, 0
	}
	d.sum.Write(chunk[d.ahead:])
	d.ahead = 0
}
