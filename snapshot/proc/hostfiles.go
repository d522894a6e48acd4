package proc

import (
	"context"
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
	for _, apart := range []bool{false, true} {
		go readSteps(o, *host, apart, steps, parts)
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
func wait(ctx context.Context, part <-chan filePart) (p filePart, known bool) {
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

// readSteps reads the steps that go one behind the other, or those apart from
// them.
func readSteps(o Options, host index.Host, apart bool, steps []fileStep, parts []chan filePart) {
	h := hostReader{Options: o, live: o.Live, locked: map[string]index.LockedFile{}, host: index.Host{Users: host.Users, Mounts: host.Mounts, Trust: host.Trust,
		Containers: slices.Clone(host.Containers), Programs: slices.Clone(host.Programs)}}
	t, err := openTree(o.Root, "/")
	if err == nil {
		defer t.close()
		t.opened, h.root = h.noteFlags, t
	}
	for i, step := range steps {
		if step.apart != apart {
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
}

// fileStep is one kind of what the files of a host say.
type fileStep struct {
	what string
	// apart: it needs nothing of the other steps, and nothing of it is needed there. What takes longest goes on beside the rest.
	apart bool
	read  func(*hostReader)
	keep  func(to, from *index.Host)
}

// fileSteps are the steps of ReadFiles. What lies in homes comes last.
func fileSteps() []fileStep {
	return []fileStep{
		{"names", false, (*hostReader).nameFiles, func(to, from *index.Host) {
			to.Names, to.Resolver, to.Preload = from.Names, from.Resolver, from.Preload
		}},
		{"hooks of the kernel", false, (*hostReader).hooks, func(to, from *index.Host) { to.Trust = from.Trust }},
		{"logins", false, (*hostReader).logins, func(to, from *index.Host) { to.Logins, to.Sessions = from.Logins, from.Sessions }},
		{"cron tables", false, (*hostReader).cron, func(to, from *index.Host) { to.Cron = from.Cron }},
		{"file systems", false, (*hostReader).spaces, func(to, from *index.Host) { to.Spaces = from.Spaces }},
		{"files of shells and of rights", false, (*hostReader).watchSystem, keepWatched},
		{"units", false, (*hostReader).units, func(to, from *index.Host) { to.Units = from.Units }},
		{"containers", false, (*hostReader).nameContainers, func(to, from *index.Host) { to.Containers = from.Containers }},
		{"sshd's configuration", false, (*hostReader).sshd, func(to, from *index.Host) { to.SSHD = from.SSHD }},
		{"programs with rights", true, (*hostReader).privileged, func(to, from *index.Host) { to.Privileged = from.Privileged }},
		{"temporary files", true, (*hostReader).temporaries, func(to, from *index.Host) { to.Temporary = from.Temporary }},
		{"packages", false, (*hostReader).packages, func(to, from *index.Host) { to.Packages, to.Programs = from.Packages, from.Programs }},
		{"files of users' shells", false, (*hostReader).watchHomes, keepWatched},
		{"keys", false, (*hostReader).authorizedKeys, func(to, from *index.Host) { to.Keys = from.Keys }},
		{"flags of files", false, (*hostReader).lockedFiles, func(to, from *index.Host) { to.Locked = from.Locked }},
	}
}

func keepWatched(to, from *index.Host) { to.Watched = from.Watched }
