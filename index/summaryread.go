package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"stilltrace/index/summary"
)

// Summarized reports whether the case holds summaries of all its events as the
// snapshot knew them, 0 for the last one. It does not where a later snapshot
// read events again that an earlier one had counted, as the first programs with
// format 3 did with the last entry of a log that ended within a line.
func (r *Reader) Summarized(snapshot int) bool {
	if snapshot == 0 {
		snapshot = r.snapshots
	}
	for id, next := range r.next {
		if next == 0 || r.sources[next-1].Snapshot > snapshot {
			continue
		}
		if r.sources[id-1].Open == 0 && r.eventsFrom(uint32(id), r.sources[next-1].Offset) > 0 {
			return false
		}
	}
	return true
}

// Summary answers from the summaries of the case as the snapshot knew it, 0 for
// the last one: it scans nothing but the last entries of logs that ended within
// a line, which are summed up as a run of their own.
func (r *Reader) Summary(snapshot int) *summary.Reader {
	if snapshot == 0 {
		snapshot = r.snapshots
	}
	fault := func(err error) error {
		if errors.Is(err, summary.ErrPage) {
			err = fmt.Errorf("%w: %w", err, ErrDamaged)
		}
		return fmt.Errorf("%s: %w", r.path, err)
	}
	runs, err := r.summaryRuns(snapshot)
	n, small := len(runs), 0
	var rest []summary.Page
	if apart, err2 := r.apart(snapshot); err == nil && err2 != nil {
		err = err2
	} else if err == nil && len(apart) > 0 {
		n, small = n+1, 1
		rest, err = r.sumUp(apart)
	}
	pages := func(run int, t summary.Table, from []byte) (summary.Walker, error) {
		switch {
		case err != nil:
			return nil, err
		case run == len(runs):
			return walkPages(rest, t), nil
		}
		return r.summaryPages(runs[run], t, from)
	}
	if err != nil {
		n, small = 1, 0 // whose pages say what is wrong
	}
	return &summary.Reader{Runs: n, Small: small, Actions: summaryOptions().Actions, Pages: pages, Fault: fault}
}

// summaryRuns are the snapshots that have a run, up to the given one.
func (r *Reader) summaryRuns(snapshot int) (runs []uint32, err error) {
	err = guard(func() error {
		b, err := r.bucket(bucketSummary)
		if b == nil || err != nil {
			return err
		}
		c := b.Cursor()
		for at := uint32(1); int(at) <= snapshot; at++ {
			k, _ := c.Seek(key32(at))
			if len(k) < 4 {
				break
			}
			if at = binary.BigEndian.Uint32(k); int(at) <= snapshot {
				runs = append(runs, at)
			}
		}
		return nil
	})
	return runs, err
}

// summaryPages walks the pages of a table of one run, of which summaryRuns told.
func (r *Reader) summaryPages(run uint32, t summary.Table, from []byte) (summary.Walker, error) {
	prefix := append(key32(run), byte(t))
	start := append(bytes.Clone(prefix), from...)
	var c *bolt.Cursor
	var b []byte // memory for the contents
	move := func() (k, v []byte) {
		c = r.tx.Bucket([]byte(bucketSummary)).Cursor()
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
				content, err = r.open.into(bucketSummary, key, value, &b)
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
