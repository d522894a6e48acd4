// Package snapshot takes a still of a host: it reads the state that /proc
// shows and the logs, once, and writes both into one case, a new one or one
// that grows. It is the one step that touches a host, and it changes nothing
// there but its output file.
package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"time"

	"stilltrace/index"
	"stilltrace/snapshot/logs"
	"stilltrace/snapshot/proc"
)

// Options say what to capture and where to write it.
type Options struct {
	Output string // the case to be written
	Append bool   // add to the case of that name, if there is one
	Force  bool   // replace a case of that name; with Append, add to it although it is another host's
	Proc   string // the procfs to read; "" is /proc, or ROOT/proc where Root is another file system
	Root   string // the file system to read; "" is /
	NoProc bool
	NoLogs bool
	NoHash bool // leave out the SHA-256 of executables
	// Environ keeps the values of all environment variables, not those of a few harmless ones alone.
	Environ bool
	// Resolve asks the host's name service for the names of the remote addresses.
	Resolve bool
	// Deadline is how long the state of the host may take; what was not read by then is a gap. Zero is for ever.
	Deadline time.Duration
	Logs     []string // files, directories and globs; none: the logs that are found
	// Rotated brings the rotated siblings of the named files along.
	Rotated bool
	// CapturedAt is when a copied host was copied. Zero is now.
	CapturedAt time.Time
	Tool       string   // name and version of the program
	Args       []string // its command line, kept in the case
	Progress   *Progress

	resolver *net.Resolver // that is asked instead of the host's own
}

// taker is one capture under way.
type taker struct {
	ctx  context.Context
	o    Options
	w    *index.Writer
	snap index.Snapshot
	gaps gapCount
	err  error // the first error of the writer within a callback

	began time.Time
}

// Run takes the snapshot. What the host does not show becomes a gap in the
// case; an error means that there is no new case.
func Run(ctx context.Context, o Options) (*Summary, error) {
	defer o.Progress.end()
	s, err := run(ctx, o)
	if o.Append && errors.Is(err, fs.ErrExist) {
		// Of several that make the first still of a case at once, one makes the case and the others add to it.
		return run(ctx, o)
	}
	return s, err
}

func run(ctx context.Context, o Options) (*Summary, error) {
	began := time.Now()
	if o.NoProc && o.NoLogs {
		return nil, errors.New("snapshot: --no-proc and --no-logs leave nothing to capture")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	w, err := o.writer(ctx)
	if err != nil {
		return nil, err
	}
	defer w.Abort()
	t := &taker{ctx: ctx, o: o, w: w, gaps: gapCount{}, began: began}
	if err := t.capture(); err != nil {
		return nil, err
	}
	if err := t.fit(); err != nil {
		return nil, err
	}
	o.Progress.stage("writing", o.Output)
	m, err := w.Commit(t.snap)
	if err != nil {
		return nil, err
	}
	return t.summary(m, time.Since(began))
}

// writer begins the case, or the snapshot that is added to one. Whoever adds
// to a case that is not there yet makes it: the first still of a day is taken
// by the same line as the others.
func (o *Options) writer(ctx context.Context) (*index.Writer, error) {
	if o.Append {
		o.Progress.stage("proving", o.Output)
		w, err := index.Append(ctx, o.Output, o.Tool)
		if !errors.Is(err, fs.ErrNotExist) {
			return w, err
		}
	}
	return index.Create(o.Output, index.CreateOptions{Force: o.Force && !o.Append, Tool: o.Tool})
}

// sameHost refuses to add to the case of another host: what its snapshots say
// would be taken for one story. A name or an identity that is not known on one
// side tells nothing.
func (t *taker) sameHost() error {
	held := t.w.Held()
	if held == nil || t.o.Force {
		return nil
	}
	s, err := held.Snapshot(0)
	if err != nil {
		return err
	}
	for _, id := range [...]struct{ what, theirs, ours string }{
		{"machine id", s.Host.MachineID, t.snap.Host.MachineID},
		{"host name", s.Host.Hostname, t.snap.Host.Hostname},
	} {
		if id.theirs != "" && id.ours != "" && id.theirs != id.ours {
			return fmt.Errorf("%s: it is the case of another host (its %s is %s, and here it is %s): nothing was added: choose another name, or --force if it is the same host all the same",
				t.o.Output, id.what, id.theirs, id.ours)
		}
	}
	return nil
}

// live reports whether the running host is captured, and not a copy.
func (o *Options) live() bool { return o.Proc == "/proc" && o.Root == "/" }

func (o *Options) complete() error {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.Proc == "" {
		o.Proc = "/proc"
		if o.Root != "/" {
			o.Proc = o.Root + "/proc"
		}
	}
	if o.Resolve && !o.live() {
		return errors.New("snapshot: --resolve asks the name service of the running host, and this one is a copy: leave it out")
	}
	if o.NoLogs && len(o.Logs) > 0 {
		return fmt.Errorf("%s: --no-logs reads no logs: leave out one of them", o.Logs[0])
	}
	if o.live() && !o.CapturedAt.IsZero() {
		return errors.New("snapshot: --captured-at is for a copied host, and this one is captured now: for logs that were copied to DIR: --root DIR --no-proc --captured-at TIME /")
	}
	dirs := []string{o.Root}
	if !o.NoProc && o.Proc != o.Root+"/proc" {
		dirs = append(dirs, o.Proc)
	}
	for _, dir := range dirs {
		st, err := os.Stat(dir)
		var pe *fs.PathError
		switch {
		case errors.As(err, &pe):
			return fmt.Errorf("%s: %w: check the path", dir, pe.Err)
		case err != nil:
			return fmt.Errorf("%s: %w", dir, err)
		case !st.IsDir():
			return fmt.Errorf("%s: not a directory: --root and --proc take one", dir)
		}
	}
	if !o.NoProc && o.Proc != "/proc" && !procfsLike(o.Proc) {
		return fmt.Errorf("%s: no procfs, nor a copy of one: it holds neither stat nor process 1: --no-proc leaves it out", o.Proc)
	}
	return nil
}

// procfsLike reports whether dir holds what every procfs shows, to whomever.
func procfsLike(dir string) bool {
	for _, name := range [...]string{"stat", "1"} {
		if _, err := os.Lstat(dir + "/" + name); err == nil {
			return true
		}
	}
	return false
}

// capture goes from the most volatile to the least: clocks, sockets,
// processes, the host, logs, and the clocks again.
func (t *taker) capture() error {
	o := &t.o
	s := &t.snap
	s.Live = o.live()
	s.Options = index.Options{Proc: o.Proc, Root: o.Root, NoProc: o.NoProc, NoLogs: o.NoLogs, Logs: o.Logs,
		NoHash: o.NoHash, Environ: o.Environ, Resolve: o.Resolve, DeadlineMS: o.Deadline.Milliseconds()}
	s.Start = t.clocks()
	if s.Live {
		s.Capturer = index.Capturer{PID: os.Getpid(), UID: uint32(os.Getuid()), EUID: uint32(os.Geteuid()), Args: o.Args}
	}
	finder, files, err := t.findLogs()
	if err != nil {
		return err
	}
	defer finder.Close()
	if err := t.captureProc(); err != nil {
		return err
	}
	if !o.NoLogs {
		zone, tz := proc.ReadZone(o.Root)
		s.Host.Timezone = tz
		lo := logs.Options{Zone: zone, Captured: s.Start.Realtime.Go(), Progress: o.Progress.logs}
		if err := finder.Ingest(t.ctx, files, t.w, lo); err != nil {
			return t.stopped(err)
		}
	}
	s.End = t.clocks()
	return t.stopped(t.err)
}

// findLogs comes first, so that a mistyped name costs nobody a capture.
func (t *taker) findLogs() (*logs.Finder, []logs.File, error) {
	own, err := os.Stat(t.w.TempPath())
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", t.o.Output, err)
	}
	known := []fs.FileInfo{own}
	// The case itself is no log, and what the state of the host tells of logins is no unread one.
	for _, name := range []string{t.o.Output, t.o.Root + "/var/log/wtmp", t.o.Root + "/var/log/btmp", t.o.Root + "/var/log/lastlog"} {
		if st, err := os.Lstat(name); err == nil && st.Mode().IsRegular() {
			known = append(known, st)
		}
	}
	skip := func(st fs.FileInfo) bool {
		return slices.ContainsFunc(known, func(one fs.FileInfo) bool { return os.SameFile(st, one) })
	}
	finder, err := logs.NewFinder(t.o.Root, skip, t.gap)
	if err != nil {
		return nil, nil, fmt.Errorf("root: %w", err)
	}
	if t.o.NoLogs {
		return finder, nil, nil
	}
	files, err := finder.Find(t.o.Logs, t.o.Rotated)
	if err != nil {
		finder.Close()
		return nil, nil, fmt.Errorf("log: %w", err)
	}
	return finder, files, nil
}

func (t *taker) captureProc() error {
	o := proc.Options{Proc: t.o.Proc, Root: t.o.Root, Live: t.snap.Live, Self: t.snap.Capturer.PID, NoHash: t.o.NoHash, Environ: t.o.Environ}
	if t.o.Deadline > 0 {
		o.Deadline = t.began.Add(t.o.Deadline)
	}
	if t.o.NoProc {
		t.snap.Host = proc.ReadHost(o, t.gap)
		if err := t.sameHost(); err != nil {
			return err
		}
		proc.ReadFiles(o, &t.snap.Host, t.gap)
		return t.stopped(t.err)
	}
	t.o.Progress.stage("processes", "")
	table, err := proc.FirstLook(o, t.gap)
	if err != nil {
		return t.stopped(err)
	}
	defer table.Close()
	sockets := make(chan socketsRead, 1)
	go func() {
		s, err := table.ReadSockets(t.ctx)
		sockets <- socketsRead{s, err}
	}()
	t.snap.Host = proc.ReadHost(o, t.gap)
	if err := t.sameHost(); err != nil {
		return err
	}
	n := 0
	owners, coverage, err := table.Processes(t.ctx, &t.snap.Host, func(p *index.Process) error {
		n++
		t.o.Progress.count("processes", n)
		return t.w.AddProcess(p)
	})
	if err != nil {
		return t.stopped(err)
	}
	t.snap.Coverage = coverage
	read := <-sockets
	if read.err != nil {
		return t.stopped(read.err)
	}
	table.Join(read.tables, owners)
	h := &t.snap.Host
	h.Containers, h.Programs = table.Containers(), table.Programs()
	table.DescribeSpaces(h)
	h.NetSpaces = read.tables.Spaces
	files := make(chan []index.Gap, 1)
	go func() { files <- readFiles(o, h) }()
	err = t.addSockets(read.tables)
	for _, g := range <-files {
		t.gap(g)
	}
	if err != nil {
		return err
	}
	if t.o.Resolve {
		t.o.Progress.stage("names", "")
		t.resolve(remotes(read.tables.Sockets))
	}
	return t.stopped(t.err)
}

// readFiles reads what hardly moves, while the sockets are written, and returns
// what could not be read: a case is written by one alone.
func readFiles(o proc.Options, h *index.Host) (gaps []index.Gap) {
	proc.ReadFiles(o, h, func(g index.Gap) { gaps = append(gaps, g) })
	return gaps
}

// socketsRead is what came of the socket tables, which are read while the
// processes are.
type socketsRead struct {
	tables *proc.SocketTables
	err    error
}

func (t *taker) addSockets(s *proc.SocketTables) error {
	for _, g := range s.Gaps {
		t.gap(g)
	}
	for i := range s.Sockets {
		if err := t.w.AddSocket(&s.Sockets[i]); err != nil {
			return err
		}
	}
	if err := t.w.EndState(); err != nil {
		return err
	}
	return t.stopped(t.err)
}

func (t *taker) gap(g index.Gap) {
	t.gaps.add(g)
	if err := t.w.AddGap(&g); err != nil && t.err == nil {
		t.err = err
	}
}

func (t *taker) clocks() index.Clocks {
	if !t.o.CapturedAt.IsZero() {
		return index.Clocks{Realtime: index.TimeOf(t.o.CapturedAt)}
	}
	return proc.ReadClocks(t.snap.Live)
}

// stopped names the user's own stop as such.
func (t *taker) stopped(err error) error {
	if err != nil && t.ctx.Err() != nil {
		return fmt.Errorf("snapshot: %w: nothing was written to %s", ErrInterrupted, t.o.Output)
	}
	return err
}

// ErrInterrupted is the cause of an error of Run when its context has ended.
var ErrInterrupted = errors.New("interrupted")
