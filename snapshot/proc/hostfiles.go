package proc

import (
	"context"
	"maps"
	"slices"
	"strings"

	"stilltrace/index"
)

// ReadFiles reads what the files of a host say of who logged in, of what is
// started by whom, and of its containers: units, timers, cron, keys, names.
// Nothing of it moves much, and homes may lie on servers that do not answer:
// what was not read by the deadline is one gap.
func ReadFiles(o Options, host *index.Host, gap func(index.Gap)) {
	steps := fileSteps()
	parts := make([]chan filePart, len(steps))
	for i := range parts {
		parts[i] = make(chan filePart, 1)
	}
	locked := make(chan []index.LockedFile, lanes)
	for lane := range lanes {
		go func(host index.Host) { locked <- readSteps(o, host, lane, steps, parts) }(*host)
	}
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	if !o.Deadline.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, o.Deadline)
	}
	defer cancel()
	var missing []string
	for i, step := range steps {
		p, known := wait(ctx, parts[i])
		if !known {
			missing = append(missing, step.what)
			continue
		}
		for _, g := range p.gaps {
			gap(g)
		}
		if p.read {
			step.keep(host, &p.host)
		}
	}
	for range lanes {
		if some, known := wait(ctx, locked); known {
			host.Locked = append(host.Locked, some...)
		} else if !slices.Contains(missing, "flags of files") {
			missing = append(missing, "flags of files")
		}
	}
	slices.SortFunc(host.Locked, func(a, b index.LockedFile) int { return strings.Compare(a.Path, b.Path) })
	host.Locked = slices.CompactFunc(host.Locked, func(a, b index.LockedFile) bool { return a.Path == b.Path })
	if missing != nil {
		gap(index.Gap{Area: areaHost, Place: "/", Reason: index.ReasonDeadline, Count: 1, Detail: "not read to the end: " + strings.Join(missing, ", ")})
	}
}

// filePart is what came of one step.
type filePart struct {
	read bool // the files could be read at all
	host index.Host
	gaps []index.Gap
}

// wait takes a part that is there or comes until ctx ends.
func wait[T any](ctx context.Context, part <-chan T) (p T, known bool) {
	select {
	case p = <-part:
		return p, true
	case <-ctx.Done():
	}
	select {
	case p = <-part: // it was there before
		return p, true
	default:
		return p, false
	}
}

// readSteps reads the steps of a lane, and returns those of the files that it met
// which nobody can change.
func readSteps(o Options, host index.Host, lane int, steps []fileStep, parts []chan filePart) []index.LockedFile {
	h := hostReader{Options: o, live: o.Live, locked: map[string]index.LockedFile{}, host: index.Host{Users: host.Users, Mounts: host.Mounts, Trust: host.Trust,
		Containers: slices.Clone(host.Containers), Programs: slices.Clone(host.Programs)}}
	t, err := openTree(o.Root, "/")
	if err == nil {
		defer t.close()
		t.opened, t.short, h.root = h.noteFlags, h.fail, t
	}
	for i, step := range steps {
		if step.lane != lane {
			continue
		}
		var p filePart
		if err == nil { // else it was noted by ReadHost
			h.gap = func(g index.Gap) { p.gaps = append(p.gaps, g) }
			step.read(&h)
			p.read, p.host = true, h.host
		}
		parts[i] <- p
	}
	if err == nil && lane == 0 {
		h.noteAccounts()
	}
	return slices.Collect(maps.Values(h.locked))
}

// fileStep is one kind of what the files of a host say.
type fileStep struct {
	what string
	// Steps of one lane go one behind the other; those of different lanes need nothing of each other.
	lane int
	read func(*hostReader)
	keep func(to, from *index.Host)
}

// lanes is how many lanes there are: more than the cores of a small host, so that
// none is without work at the end. The last one takes longest, and is the first to
// get a turn.
const lanes = 3

// fileSteps are the steps of ReadFiles. What lies in homes comes last.
func fileSteps() []fileStep {
	return []fileStep{
		{"names", 0, (*hostReader).nameFiles, func(to, from *index.Host) {
			to.Names, to.Resolver, to.Preload = from.Names, from.Resolver, from.Preload
		}},
		{"hooks of the kernel", 0, (*hostReader).hooks, func(to, from *index.Host) { to.Trust = from.Trust }},
		{"logins", 0, (*hostReader).logins, func(to, from *index.Host) { to.Logins, to.Sessions = from.Logins, from.Sessions }},
		{"cron tables", 0, (*hostReader).cron, func(to, from *index.Host) { to.Cron = from.Cron }},
		{"file systems", 0, (*hostReader).spaces, func(to, from *index.Host) { to.Spaces = from.Spaces }},
		{"files of shells and of rights", 0, (*hostReader).watchSystem, keepWatched},
		{"units", 0, (*hostReader).units, func(to, from *index.Host) { to.Units = from.Units }},
		{"containers", 0, (*hostReader).nameContainers, func(to, from *index.Host) { to.Containers = from.Containers }},
		{"sshd's configuration", 0, (*hostReader).sshd, func(to, from *index.Host) { to.SSHD = from.SSHD }},
		{"programs with rights", 2, (*hostReader).privileged, func(to, from *index.Host) { to.Privileged = from.Privileged }},
		{"temporary files", 2, (*hostReader).temporaries, func(to, from *index.Host) { to.Temporary = from.Temporary }},
		{"packages", 1, (*hostReader).packages, func(to, from *index.Host) { to.Packages, to.Programs = from.Packages, from.Programs }},
		{"files of users' shells", 0, (*hostReader).watchHomes, keepWatched},
		{"keys", 0, (*hostReader).authorizedKeys, func(to, from *index.Host) { to.Keys = from.Keys }},
	}
}

func keepWatched(to, from *index.Host) { to.Watched = from.Watched }
