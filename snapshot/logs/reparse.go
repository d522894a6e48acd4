package logs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"stilltrace/index"
)

// Reparse parses the logs of a case again, with the formats of today, into w.
// Zone, time of capture and names are those that the case holds; the texts are
// cut where they were, so that later snapshots go on where they did. The case
// is read by Reparse alone until it returns.
func Reparse(ctx context.Context, r *index.Reader, w *index.Rewriter, progress func(path string, bytes int64)) error {
	again := &reparser{r: r, read: make([]*index.Source, len(r.Sources())+1)}
	for rest := r.Sources(); len(rest) > 0; {
		// Sources are numbered in the order of their snapshots.
		n := 1
		for n < len(rest) && rest[n].Snapshot == rest[0].Snapshot {
			n++
		}
		snap, err := r.Snapshot(rest[0].Snapshot)
		if err != nil {
			return err
		}
		builders, err := newBuilders(w)
		if err != nil {
			return err
		}
		o := Options{Zone: snap.Host.Timezone.Location(), Captured: snap.Start.Realtime.Go(), Progress: progress}
		err = run(ctx, w, builders, o, func(index.Gap) {}, func(p *pipeline) {
			again.all(&fileReader{p: p}, rest[:n])
		})
		if err == nil {
			err = again.err
		}
		if err == nil {
			err = w.EndSnapshot(snap.ID)
		}
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// reparser reads the texts of a case.
type reparser struct {
	r    *index.Reader
	read []*index.Source // what was made of them, by their number
	err  error
}

func (a *reparser) all(f *fileReader, sources []index.Source) {
	for i := range sources {
		s := &sources[i]
		family, age := rotation(s.Path)
		f.enter(File{Path: s.Path, family: family, age: age})
		if ok, err := a.one(f, s); err != nil || !ok {
			a.err = err
			return
		}
	}
}

// one sends what a source holds through the pipeline. It reports false when
// that has ended.
func (a *reparser) one(f *fileReader, s *index.Source) (ok bool, err error) {
	from := &reading{id: s.ID, path: s.Path, service: []byte(serviceOf(s.Path)), sum: sha256.New(), again: true, tail: s.End() - s.Open}
	if s.Resume != nil {
		from.tail = min(from.tail, s.Resume.Offset)
	}
	log := a.r.LogOf(s.ID)
	if s.Continues != 0 {
		before := a.read[s.Continues]
		if before == nil || before.Resume == nil {
			return false, fmt.Errorf("%s: continues what was not read: %w", s.Path, index.ErrDamaged)
		}
		from.continues, from.resume, from.stamp = before.ID, before.Resume, before.Resume.Stamp
		if from.sum, err = before.Resume.Sum(); err != nil {
			return false, err
		}
		// What is older than this log is older than its first event.
		if first := a.first(&log); before.Resume.Yearless && first != 0 {
			defer f.notAfter(first)
		}
	}
	head, err := headOf(a.r.OpenLog(&log))
	if err != nil {
		return false, err
	}
	head = bytes.TrimLeft(head, "\x00")
	from.format = detect(head)
	d := dater{zone: f.p.o.Zone, base: f.p.o.Captured.Year()}
	if yearless(from.format, head) {
		f.anchor(a.r.OpenSource(s.ID), from, &d)
	}
	now := *s
	c := from.chunker(a.r.OpenSource(s.ID))
	ok = f.chunks(c, from, d, &now)
	if c.err != nil || !ok {
		return false, c.err
	}
	if s.Resume == nil {
		now.Resume = nil
	} else {
		now.Resume.Head, now.Resume.Tail = s.Resume.Head, s.Resume.Tail
	}
	a.read[s.ID] = &now
	return f.p.send(&job{from: from, end: &now}), nil
}

// first is the earliest stamp that was found in the sources of the log before
// the last one.
func (a *reparser) first(l *index.Log) (first index.Time) {
	for _, id := range l.Parts[:len(l.Parts)-1] {
		if t := a.read[id].First; t != 0 && (first == 0 || t < first) {
			first = t
		}
	}
	return first
}
