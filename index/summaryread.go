package index

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"stilltrace/index/summary"
)

// Summarized reports whether the case holds summaries of all its events. A
// case of an older version holds none.
func (r *Reader) Summarized() bool {
	for _, b := range r.manifest.Buckets {
		if b.Name == bucketSummary {
			return true
		}
	}
	return false
}

// Summary answers from the summaries of the case: it scans nothing.
func (r *Reader) Summary() *summary.Reader {
	return &summary.Reader{Runs: len(r.snapshots), Pages: r.summaryPages, Fault: func(err error) error {
		if errors.Is(err, summary.ErrPage) {
			err = fmt.Errorf("%w: %w", err, ErrDamaged)
		}
		return fmt.Errorf("%s: %w", r.path, err)
	}}
}

// summaryPages walks the pages of a table of one run.
func (r *Reader) summaryPages(run int, t summary.Table, from []byte) (summary.Walker, error) {
	prefix := append(key32(uint32(run)+1), byte(t))
	start := append(bytes.Clone(prefix), from...)
	var c *bolt.Cursor
	move := func() (k, v []byte) {
		b := r.tx.Bucket([]byte(bucketSummary))
		if b == nil {
			return nil, nil
		}
		c = b.Cursor()
		k, v = c.Seek(start)
		if from == nil {
			return k, v
		}
		// Of the pages with that key, and of those before it, the last one that begins below.
		if pk, pv := c.Prev(); bytes.HasPrefix(pk, prefix) {
			return pk, pv
		}
		return c.Seek(start)
	}
	return func() (own []byte, unpack func() ([]byte, error), err error) {
		if err := r.ctx.Err(); err != nil {
			return nil, nil, err
		}
		var key, value []byte
		err = guard(func() error {
			k, v := move()
			if bytes.HasPrefix(k, prefix) {
				key, value = bytes.Clone(k), v
			}
			return nil
		})
		move = func() ([]byte, []byte) { return c.Next() }
		if key == nil || err != nil {
			return nil, nil, err
		}
		if len(key) < len(prefix)+4 {
			return nil, nil, fmt.Errorf("%s %x: %w", bucketSummary, key, ErrDamaged)
		}
		return key[len(prefix) : len(key)-4], func() (content []byte, err error) {
			err = guard(func() error {
				content, err = r.open.open(bucketSummary, key, value)
				return err
			})
			if err != nil {
				err = fmt.Errorf("%s %x: %w", bucketSummary, key, err)
			}
			return content, err
		}, nil
	}, nil
}

// kindFields are the fields that all events of one kind have in common, so
// that a term about them chooses kinds.
var kindFields = []string{"service", "host", "action", "outcome", "level", "source", "clock", "signature", "jail"}

// KindFilter returns what tells the kinds of events for which all terms hold.
// It reports false where some term is about more than what events of a kind
// have in common.
func (r *Reader) KindFilter(terms []Term) (holds func(*summary.Kind) bool, ok bool, err error) {
	for _, t := range terms {
		if !slices.Contains(kindFields, t.Field) {
			return nil, false, nil
		}
	}
	f, err := r.filter(Query{Terms: terms})
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", r.path, err)
	}
	if len(terms) == 0 {
		return func(*summary.Kind) bool { return true }, true, nil
	}
	jail := []Field{{Name: "jail"}}
	return func(k *summary.Kind) bool {
		jail[0].Value = k.Jail
		return f.holds(&Event{Service: k.Service, Host: k.Host, Action: Action(k.Action), Outcome: Outcome(k.Outcome), Level: Level(k.Level),
			Source: r.SourcePath(k.Source), Clock: Clock(k.Clock), Sign: k.Signature, Fields: jail})
	}, true, nil
}

// SourcePath returns the path of a source, "" where there is no such source.
func (r *Reader) SourcePath(id uint32) string {
	if id == 0 || int64(id) > int64(len(r.sources)) {
		return ""
	}
	return r.sources[id-1].Path
}

// Damaged is the error of a summary that contradicts itself.
func (r *Reader) Damaged(how string) error {
	return fmt.Errorf("%s: summary: %s: %w", r.path, how, ErrDamaged)
}
