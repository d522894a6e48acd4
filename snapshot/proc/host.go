package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"syscall"

	"github.com/prometheus/procfs"

	"stilltrace/index"
)

// ReadHost reads what the host is: from the procfs its kernel, boot, load,
// memory and mounts, from the root its names (os-release, passwd, group,
// services, time zone).
func ReadHost(o Options, gap func(index.Gap)) index.Host {
	h := hostReader{Options: o, live: o.Live, gap: gap}
	if o.Proc != "" {
		if t, err := openTree(o.Proc, "/proc"); err != nil {
			gap(absentGap(areaHost, "/proc", err))
		} else {
			h.proc = t
			h.kernel()
			h.counters(o.Proc)
			h.machine(o.Proc)
			h.settings()
			h.mounts()
			h.formats()
			h.clock()
			t.close()
		}
	}
	if t, err := openTree(o.Root, "/"); err != nil {
		gap(absentGap(areaHost, "/", err))
	} else {
		h.root = t
		h.names()
		h.host.Timezone = zoneOf(t).Timezone
		t.close()
	}
	return h.host
}

type hostReader struct {
	Options
	live       bool
	gap        func(index.Gap)
	proc, root *tree
	host       index.Host
	locked     map[string]index.LockedFile // by path
}

func (h *hostReader) fail(place string, err error) { h.gap(absentGap(areaHost, place, err)) }

// read returns the text of a file without its last newline, and notes why
// where it could not be read whole. What was read of it stands.
func (h *hostReader) read(t *tree, name string, limit int) []byte {
	data, err := t.read(name, limit)
	if err != nil {
		h.fail(t.at(name), err)
	}
	return bytes.TrimSuffix(data, []byte("\n"))
}

// first reads the first of several files that is there.
func (h *hostReader) first(t *tree, limit int, names ...string) (string, []byte) {
	for _, name := range names {
		data, err := t.read(name, limit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			h.fail(t.at(name), err)
		}
		return name, bytes.TrimSuffix(data, []byte("\n"))
	}
	h.fail(t.at(names[0]), syscall.ENOENT)
	return names[0], nil
}

func (h *hostReader) kernel() {
	h.host.Hostname = string(h.read(h.proc, "sys/kernel/hostname", maxText))
	h.host.BootID = string(h.read(h.proc, "sys/kernel/random/boot_id", maxText))
	h.host.Kernel = index.Kernel{
		Release: string(h.read(h.proc, "sys/kernel/osrelease", maxText)),
		Version: string(h.read(h.proc, "version", maxText)),
		Cmdline: string(h.read(h.proc, "cmdline", maxText)),
	}
	var err error
	if data := h.read(h.proc, "uptime", maxText); data != nil {
		if h.host.Uptime, err = parseUptime(data); err != nil {
			h.fail("/proc/uptime", err)
		}
	}
	if data := h.read(h.proc, "loadavg", maxText); data != nil {
		if h.host.Load, err = parseLoad(data); err != nil {
			h.fail("/proc/loadavg", err)
		}
	}
	// A kernel without loadable modules has no such file, and lacks nothing.
	if data, err := h.proc.read("modules", maxNames); err == nil {
		h.host.KernelModules = each(h, "/proc/modules", data, parseModule)
		h.host.Modules = parseModules(data)
	} else if !errors.Is(err, fs.ErrNotExist) {
		h.fail("/proc/modules", err)
	}
}

// counters reads what procfs reads well.
func (h *hostReader) counters(dir string) {
	procFS, err := procfs.NewFS(dir)
	if err != nil {
		h.fail("/proc", err)
		return
	}
	if stat, err := guarded(h.proc.regular("stat"), procFS.Stat); err != nil {
		h.fail("/proc/stat", err)
	} else {
		h.host.Forks = stat.ProcessCreated
		h.host.CPU = cpu(&stat)
		if stat.BootTime <= math.MaxInt64/1_000_000_000 {
			h.host.Booted = index.Time(stat.BootTime * 1e9)
		}
	}
	if mem, err := guarded(h.proc.regular("meminfo"), procFS.Meminfo); err != nil {
		h.fail("/proc/meminfo", err)
	} else {
		h.host.Memory = memory(&mem)
	}
}

// guarded makes one call into a library, unless refused says why not. A panic
// there, over bytes that no kernel wrote, is an error like any other.
func guarded[T any](refused error, call func() (T, error)) (v T, err error) {
	if refused != nil {
		return v, refused
	}
	defer func() {
		if r := recover(); r != nil {
			err = torn("%v", r)
		}
	}()
	return call()
}

func memory(m *procfs.Meminfo) index.Memory {
	value := func(p *uint64) uint64 {
		if p == nil {
			return 0
		}
		return *p
	}
	return index.Memory{
		Total:     value(m.MemTotalBytes),
		Free:      value(m.MemFreeBytes),
		Available: value(m.MemAvailableBytes),
		Buffers:   value(m.BuffersBytes),
		Cached:    value(m.CachedBytes),
		SwapTotal: value(m.SwapTotalBytes),
		SwapFree:  value(m.SwapFreeBytes),
	}
}

// mounts reads the mounts as the capture sees them; in a copied tree, as pid 1 did.
func (h *hostReader) mounts() {
	names := []string{"self/mountinfo"}
	if !h.live {
		names = []string{"1/mountinfo", "self/mountinfo"}
	}
	name, data := h.first(h.proc, maxMountinfo, names...)
	h.host.Mounts = each(h, h.proc.at(name), data, parseMount)
}

// names reads the files of the root that give ids their names.
func (h *hostReader) names() {
	if h.host.Hostname == "" {
		_, data := h.first(h.root, maxText, "etc/hostname")
		h.host.Hostname = string(bytes.TrimSpace(data))
	}
	_, id := h.first(h.root, maxText, "etc/machine-id", "var/lib/dbus/machine-id")
	h.host.MachineID = string(bytes.TrimSpace(id))
	_, release := h.first(h.root, maxText, "etc/os-release", "usr/lib/os-release")
	h.host.OS = parseOSRelease(release)
	h.host.Users = each(h, "/etc/passwd", h.read(h.root, "etc/passwd", maxNames), parseUser)
	h.host.Groups = each(h, "/etc/group", h.read(h.root, "etc/group", maxNames), parseGroup)
	// Small hosts have no services(5), and lack nothing but names.
	if data, err := h.root.read("etc/services", maxNames); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			h.fail("/etc/services", err)
		}
		h.host.Ports = each(h, "/etc/services", data, parseService)
	}
}

// each parses the lines of one file. A parser returns false for a line that
// says nothing (blank, comment), and an error for one it cannot read.
func each[T any](h *hostReader, place string, data []byte, parse func(line []byte) (T, bool, error)) []T {
	bad := badLines{gap: h.gap, area: areaHost, place: place}
	var all []T
	n := 0
	for line := range bytes.Lines(data) {
		n++
		v, ok, err := parse(bytes.TrimSuffix(line, []byte("\n")))
		switch {
		case err != nil:
			bad.note(n, err)
		case ok && len(all) == maxEntries:
			h.fail(place, fmt.Errorf("%w of %d entries", errTooLarge, maxEntries))
			return all
		case ok:
			all = append(all, v)
		}
	}
	bad.done()
	return all
}

// parseUptime reads the first number of proc_uptime(5).
func parseUptime(data []byte) (float64, error) {
	fields := bytes.Fields(data)
	if len(fields) == 0 {
		return 0, torn("no number")
	}
	return parseFloat(fields[0])
}

// parseFloat reads a decimal number that JSON can hold.
func parseFloat(b []byte) (float64, error) {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, torn("number %q", b)
	}
	return f, nil
}

// parseLoad reads proc_loadavg(5): "0.52 0.41 0.30 1/234 5678".
func parseLoad(data []byte) (index.Load, error) {
	fields := bytes.Fields(data)
	if len(fields) < 4 {
		return index.Load{}, torn("%d fields of 4", len(fields))
	}
	var l index.Load
	for i, p := range []*float64{&l.One, &l.Five, &l.Fifteen} {
		f, err := parseFloat(fields[i])
		if err != nil {
			return index.Load{}, err
		}
		*p = f
	}
	running, tasks, _ := bytes.Cut(fields[3], []byte("/"))
	var err1, err2 error
	l.Running, err1 = strconv.Atoi(string(running))
	l.Tasks, err2 = strconv.Atoi(string(tasks))
	if err1 != nil || err2 != nil {
		return index.Load{}, torn("tasks %q", fields[3])
	}
	return l, nil
}
