package query

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
)

// SchemaInfo names the shape of what info prints as JSON.
const SchemaInfo = "stilltrace.info/1"

// information is what a case holds, and what it does not.
type information struct {
	Schema   string `json:"schema"`
	Format   int    `json:"format"`
	Feature  int    `json:"feature"`
	Tool     string `json:"tool"` // that wrote the file
	Digest   string `json:"digest"`
	Snapshot int    `json:"snapshot"` // that was asked about, and that the gaps are of
	// Snapshots are all that the case holds. The host's lists (mounts, users, groups, ports, modules, units, cron, keys, watched files, names, logins, packages, programs, privileged and temporary files, namespaces, settings) stand with the one that was asked about; with the others they are null.
	Snapshots []index.Snapshot `json:"snapshots"`
	Sources   []index.Log      `json:"sources"` // as that snapshot knew them
	Gaps      []*index.Gap     `json:"gaps"`
}

// gapGroup is all gaps of one area and reason.
type gapGroup struct {
	area    string
	reason  index.Reason
	count   int64
	example string
}

// Info shows what a case holds, what it does not hold and why.
func Info(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	s, err := open(ctx, env, o, args)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	if len(s.words) > 0 {
		return s.list()
	}
	if err := s.whole(); err != nil {
		return StatusOf(err), err
	}
	m := s.reader.Manifest()
	i := &information{Schema: SchemaInfo, Format: m.Format, Feature: m.Feature, Tool: m.Tool, Digest: m.Digest, Snapshot: s.snap.ID,
		Sources: s.reader.Logs(s.snap.ID), Gaps: []*index.Gap{}}
	if i.Snapshots, err = s.snapshots(); err != nil {
		return StatusOf(err), err
	}
	for g, err := range s.reader.Gaps(s.snap.ID) {
		if err != nil {
			return StatusOf(err), err
		}
		i.Gaps = append(i.Gaps, g)
	}
	v := sources()
	if err := v.order(i.Sources, o.Sort); err != nil {
		return Trouble, err
	}
	shown := first(i.Sources, s.limit())
	a := &render.Answer{Main: v.table(shown, len(i.Sources)), Value: i, Records: i.records()}
	logs := v.table(shown, len(i.Sources))
	logs.Title = "Logs"
	a.Sections = []render.Table{s.about(i), s.holds()}
	if n := s.reader.SnapshotCount(); n > 1 {
		stills := snapshots().table(i.Snapshots, n)
		stills.Title = "Snapshots"
		a.Sections = append(a.Sections, stills)
	}
	a.Sections = append(a.Sections, logs)
	if hidden, any := suspects(s.snap.Coverage); any {
		a.Sections = append(a.Sections, hidden)
	}
	a.Sections = append(a.Sections, s.unseen(i.Gaps))
	if len(i.Gaps) == 0 {
		a.Notes = append(a.Notes, "nothing that was looked for stayed unseen")
	}
	if names := s.lists(); len(names) > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("more of the host: stilltrace info %s %s", s.path, alternatives(names)))
	}
	if status, err := s.print(a); err != nil {
		return status, err
	}
	return Found, nil
}

// snapshots are the captures of the case, for a person the last ones. The
// lists of the host are kept of the one that was asked about: they are large
// and much the same in all of them.
func (s *session) snapshots() ([]index.Snapshot, error) {
	count := s.reader.SnapshotCount()
	from := 1
	if n := s.limit(); n > 0 && !s.format.Program {
		from = max(1, count-n+1)
	}
	var out []index.Snapshot
	for id := from; id <= count; id++ {
		snap, err := s.reader.Snapshot(id)
		if err != nil {
			return nil, err
		}
		one := *snap
		if id != s.snap.ID {
			h := &one.Host
			h.Mounts, h.Users, h.Groups, h.Ports, h.Modules = nil, nil, nil, nil, nil
			h.KernelModules, h.Units, h.Cron, h.Keys, h.Names, h.Logins, h.NetSpaces, h.Sysctl, h.Watched = nil, nil, nil, nil, nil, nil, nil, nil, nil
			h.MountSpaces, h.UserSpaces, h.TimeSpaces, h.Packages, h.Programs, h.Privileged, h.Temporary = nil, nil, nil, nil, nil, nil, nil
		}
		out = append(out, one)
	}
	return out, nil
}

// records are the parts of the information, one a line.
func (i *information) records() iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for k := range i.Snapshots {
			if !yield(newSnapshotLine(&i.Snapshots[k]), nil) {
				return
			}
		}
		for _, src := range i.Sources {
			if !yield(sourceLine{"source", src}, nil) {
				return
			}
		}
		for _, g := range i.Gaps {
			if !yield(gapLine{"gap", i.Snapshot, *g}, nil) {
				return
			}
		}
	}
}

func (s *session) about(i *information) render.Table {
	h := &s.snap.Host
	system := h.OS.PrettyName
	if h.Kernel.Release != "" {
		system = strings.TrimPrefix(system+", kernel "+h.Kernel.Release, ", ")
	}
	start := render.Stamp(s.snap.Start.Realtime, s.zone)
	took := s.snap.End.Realtime.Go().Sub(s.snap.Start.Realtime.Go())
	taken := fmt.Sprintf("%s %s", start, s.zone)
	if took > 0 {
		taken += ", in " + duration(took)
	}
	if n := s.reader.SnapshotCount(); n > 1 {
		taken = fmt.Sprintf("%d of %d, %s", s.snap.ID, n, taken)
	}
	how := "of a copied or mounted host"
	switch euid := &s.snap.Capturer.EUID; {
	case !s.snap.Live:
	case *euid == 0:
		how = "of the running host, as root"
	default:
		how = "of the running host, as user " + named(h.UserName(*euid), euid)
	}
	booted := s.stamp(h.Booted)
	if h.Uptime > 0 && booted != "" {
		booted += ", up " + uptime(h.Uptime)
	}
	zone := h.Timezone.Name
	if !h.Timezone.Known && zone != "" {
		zone += " (assumed: the host's own could not be read)"
	}
	return facts(s.path,
		fact{"host", h.Hostname},
		fact{"system", system},
		fact{"machine id", h.MachineID},
		fact{"booted", booted},
		fact{"boot id", h.BootID},
		fact{"load", loads(h)},
		fact{"memory", memory(&h.Memory)},
		fact{"accounts", accounts(h)},
		fact{"logins", logins(h)},
		fact{"starts", startsThings(h)},
		fact{"spaces", spaces(h)},
		fact{"files", lyingAround(h)},
		fact{"sshd", sshdConfig(h.SSHD)},
		fact{"packet filter", packetFilter(h)},
		fact{"time zone", zone},
		fact{"clock", clockSync(h.Clock)},
		fact{"snapshot", taken},
		fact{"taken", how + ", by " + s.snap.Tool},
		fact{"told", told(&s.snap.Options)},
		fact{"coverage", coverage(s.snap.Coverage)},
		fact{"format", strconv.Itoa(i.Format)},
		fact{"digest", i.Digest},
	)
}

func loads(h *index.Host) string {
	if h.Load.Tasks == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f %.2f %.2f in 1, 5 and 15 minutes, %d of %s running", h.Load.One, h.Load.Five, h.Load.Fifteen, h.Load.Running,
		printable.Counted(int64(h.Load.Tasks), "task", "tasks"))
}

func memory(m *index.Memory) string {
	if m.Total == 0 {
		return ""
	}
	text := printable.Size(int64(m.Available)) + " of " + printable.Size(int64(m.Total)) + " available"
	if m.SwapTotal > 0 {
		text += ", swap " + printable.Size(int64(m.SwapFree)) + " of " + printable.Size(int64(m.SwapTotal)) + " free"
	}
	return text
}

func accounts(h *index.Host) string {
	if len(h.Users) == 0 {
		return ""
	}
	return printable.Counted(int64(len(h.Users)), "user", "users") + ", " + printable.Counted(int64(len(h.Groups)), "group", "groups") + ", " +
		printable.Counted(int64(len(h.Mounts)), "mount", "mounts")
}

// duration rounds to what a person wants to know.
func duration(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func uptime(seconds float64) string {
	if seconds >= 86400 {
		return printable.Counted(int64(seconds/86400), "day", "days")
	}
	return (time.Duration(seconds) * time.Second).String()
}

func (s *session) holds() render.Table {
	c := s.snap.Counts
	number := func(name string, kind render.Kind, f func(index.Counts) int64) column[index.Counts] {
		return column[index.Counts]{render.Column{Name: name, Kind: kind}, func(c index.Counts) render.Cell { return render.NumberCell(f(c)) }}
	}
	v := view[index.Counts]{"", "", []column[index.Counts]{
		number("processes", render.Count, func(c index.Counts) int64 { return int64(c.Processes) }),
		number("sockets", render.Count, func(c index.Counts) int64 { return int64(c.Sockets) }),
		number("logs", render.Count, func(c index.Counts) int64 { return int64(c.Sources) }),
		number("lines", render.Count, func(c index.Counts) int64 { return c.Lines }),
		number("events", render.Count, func(c index.Counts) int64 { return c.Events }),
		number("log text", render.Bytes, func(c index.Counts) int64 { return c.LogBytes }),
	}}
	title := "What the snapshot holds"
	if s.snap.ID > 1 {
		title = "What the snapshot added"
	}
	return v.list(title, []index.Counts{c})
}

func snapshots() view[index.Snapshot] {
	type row = index.Snapshot
	count := func(name string, kind render.Kind, from int, f func(c *index.Counts) int64) column[row] {
		return column[row]{render.Column{Name: name, Kind: kind, From: from}, func(r row) render.Cell { return render.NumberCell(f(&r.Counts)) }}
	}
	return view[row]{"snapshot", "snapshots", []column[row]{
		{render.Column{Name: "snapshot", Kind: render.Number}, func(r row) render.Cell { return render.NumberCell(r.ID) }},
		{render.Column{Name: "time", Kind: render.Time}, func(r row) render.Cell { return render.TimeCell(r.Start.Realtime) }},
		count("processes", render.Count, 0, func(c *index.Counts) int64 { return int64(c.Processes) }),
		count("sockets", render.Count, 0, func(c *index.Counts) int64 { return int64(c.Sockets) }),
		count("new lines", render.Count, 0, func(c *index.Counts) int64 { return c.Lines }),
		count("gaps", render.Count, 90, func(c *index.Counts) int64 { return int64(c.Gaps) }),
		{render.Column{Name: "boot id", From: 120}, func(r row) render.Cell { return render.TextCell(r.Host.BootID) }},
	}}
}

func sources() view[index.Log] {
	type row = index.Log
	count := func(c render.Column, f func(r row) int64) column[row] {
		return column[row]{c, func(r row) render.Cell { return render.NumberCell(f(r)) }}
	}
	return view[row]{"log", "logs", []column[row]{
		{render.Column{Name: "path", Shrink: 1}, func(r row) render.Cell { return render.TextCell(r.Path) }},
		{render.Column{Name: "format"}, func(r row) render.Cell { return render.TextCell(r.Format) }},
		count(render.Column{Name: "lines", Kind: render.Count}, func(r row) int64 { return r.Lines }),
		count(render.Column{Name: "events", Kind: render.Count, From: 120}, func(r row) int64 { return r.Events }),
		count(render.Column{Name: "bytes", Kind: render.Bytes, From: 110}, func(r row) int64 { return r.Bytes }),
		{render.Column{Name: "first", Kind: render.Time, From: 100}, func(r row) render.Cell { return render.TimeCell(r.First) }},
		{render.Column{Name: "last", Kind: render.Time}, func(r row) render.Cell { return render.TimeCell(r.Last) }},
		{render.Column{Name: "sha256", From: render.Never}, func(r row) render.Cell { return render.TextCell(r.SHA256) }},
		{render.Column{Name: "compression", From: render.Never}, func(r row) render.Cell { return render.TextCell(r.Compression) }},
		count(render.Column{Name: "inode", Kind: render.Number, From: render.Never}, func(r row) int64 { return int64(r.Inode) }),
		{render.Column{Name: "mtime", Kind: render.Time, From: render.Never}, func(r row) render.Cell { return render.TimeCell(r.Mtime) }},
		count(render.Column{Name: "snapshot", Kind: render.Number, From: render.Never}, func(r row) int64 { return int64(r.Snapshot) }),
	}}
}

// unseen groups the gaps by what could not be seen and why.
func (s *session) unseen(list []*index.Gap) render.Table {
	type key struct {
		area, place string
		reason      index.Reason
	}
	groups := map[key]*gapGroup{}
	for _, g := range list {
		k := key{area: g.Area, reason: g.Reason}
		if g.Area == "log" {
			k.place = g.Place // each log that is missing is one that somebody may look for
		}
		if groups[k] == nil {
			groups[k] = &gapGroup{area: g.Area, reason: g.Reason, example: g.Place}
			if g.Detail != "" {
				groups[k].example += ": " + g.Detail
			}
		}
		groups[k].count += int64(max(g.Count, 1))
	}
	var rows []*gapGroup
	for _, g := range groups {
		rows = append(rows, g)
	}
	slices.SortFunc(rows, func(a, b *gapGroup) int {
		return cmp.Or(strings.Compare(a.area, b.area), cmp.Compare(b.count, a.count), strings.Compare(string(a.reason), string(b.reason)), strings.Compare(a.example, b.example))
	})
	v := view[*gapGroup]{"gap", "gaps", []column[*gapGroup]{
		{render.Column{Name: "area"}, func(g *gapGroup) render.Cell { return render.TextCell(g.area) }},
		{render.Column{Name: "count", Kind: render.Count}, func(g *gapGroup) render.Cell { return render.NumberCell(g.count) }},
		{render.Column{Name: "why"}, func(g *gapGroup) render.Cell { return render.TextCell(g.reason.Words()) }},
		{render.Column{Name: "example", Shrink: 1}, func(g *gapGroup) render.Cell { return render.TextCell(g.example) }},
	}}
	return v.list("What it could not see", rows)
}
