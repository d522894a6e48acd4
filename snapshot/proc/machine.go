package proc

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"

	"stilltrace/index"
)

// machine reads how busy the machine is. A file that a kernel may lack is no
// gap where it is not there.
func (h *hostReader) machine(dir string) {
	procFS, err := procfs.NewFS(dir)
	if err != nil {
		return // noted by counters
	}
	for _, resource := range []string{"cpu", "memory", "io", "irq"} {
		p, err := guarded(h.proc.regular("pressure/"+resource), func() (procfs.PSIStats, error) { return procFS.PSIStatsForResource(resource) })
		if err != nil {
			// A kernel may have it switched off.
			h.unlessAbsent("/proc/pressure/"+resource, err, syscall.EOPNOTSUPP)
			continue
		}
		h.pressure(resource, "some", p.Some)
		h.pressure(resource, "full", p.Full)
	}
	if swaps, err := guarded(h.proc.regular("swaps"), procFS.Swaps); err != nil {
		h.unlessAbsent("/proc/swaps", err)
	} else {
		for _, s := range swaps {
			h.host.Swaps = append(h.host.Swaps, index.Swap{Path: s.Filename, Type: s.Type, Size: uint64(max(s.Size, 0)) << 10, Used: uint64(max(s.Used, 0)) << 10})
		}
	}
	h.disks(dir)
	if data, err := h.proc.read("vmstat", maxText); err != nil {
		h.unlessAbsent("/proc/vmstat", err)
	} else {
		h.host.VMStat = parseVMStat(data)
	}
	if data, err := h.proc.read("sys/fs/file-nr", maxText); err != nil {
		h.unlessAbsent("/proc/sys/fs/file-nr", err)
	} else if f := bytes.Fields(data); len(f) == 3 {
		n := numbers{}
		h.host.Files = &index.OpenFiles{Open: n.decimal(f[0], 64), Max: n.decimal(f[2], 64)}
	}
}

func (h *hostReader) unlessAbsent(place string, err error, also ...error) {
	if errors.Is(err, fs.ErrNotExist) || slices.ContainsFunc(also, func(e error) bool { return errors.Is(err, e) }) {
		return
	}
	h.fail(place, err)
}

func (h *hostReader) pressure(resource, kind string, p *procfs.PSILine) {
	if p != nil && finite(p.Avg10, p.Avg60, p.Avg300) {
		h.host.Pressure = append(h.host.Pressure, index.Pressure{Resource: resource, Kind: kind, Avg10: p.Avg10, Avg60: p.Avg60, Avg300: p.Avg300, TotalUS: p.Total})
	}
}

// finite reports whether JSON can hold all of them.
func finite(all ...float64) bool {
	return !slices.ContainsFunc(all, func(f float64) bool { return f-f != 0 })
}

// disks leaves out those that were never used.
func (h *hostReader) disks(dir string) {
	all, err := guarded(h.proc.regular("diskstats"), func() ([]blockdevice.Diskstats, error) {
		// Of /sys nothing is read here, and another tree may have none.
		devices, err := blockdevice.NewFS(dir, dir)
		if err != nil {
			return nil, err
		}
		return devices.ProcDiskstats()
	})
	if err != nil {
		h.unlessAbsent("/proc/diskstats", err)
		return
	}
	const sector = 512 // whatever the disk has (Documentation/admin-guide/iostats.rst)
	for _, d := range all {
		if d.ReadIOs == 0 && d.WriteIOs == 0 || len(h.host.Disks) >= maxEntries {
			continue
		}
		h.host.Disks = append(h.host.Disks, index.Disk{
			Name: d.DeviceName, Device: deviceName(d.MajorNumber, d.MinorNumber), Reads: d.ReadIOs, ReadBytes: d.ReadSectors * sector, ReadMS: d.ReadTicks,
			Writes: d.WriteIOs, WriteBytes: d.WriteSectors * sector, WriteMS: d.WriteTicks, InFlight: d.IOsInProgress, BusyMS: d.IOsTotalTicks,
		})
	}
}

// parseVMStat keeps what tells of trouble with memory.
func parseVMStat(data []byte) map[string]uint64 {
	all := map[string]uint64{}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case name == "oom_kill", name == "pswpin", name == "pswpout", name == "pgmajfault", name == "compact_fail",
			strings.HasPrefix(name, "allocstall_"), name == "pgscan_direct", name == "pgsteal_direct", name == "workingset_refault_file", name == "workingset_refault_anon":
			if n, err := strconv.ParseUint(value, 10, 64); err == nil && n != 0 {
				all[name] = n
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// cpu is what procfs read of the first lines of /proc/stat.
func cpu(s *procfs.Stat) *index.CPU {
	ms := func(seconds ...float64) uint64 {
		var sum float64
		for _, one := range seconds {
			sum += one
		}
		if !finite(sum) || sum < 0 || sum > 1e15 {
			return 0
		}
		return uint64(sum*1000 + 0.5)
	}
	t := &s.CPUTotal
	return &index.CPU{
		Count: len(s.CPU), UserMS: ms(t.User), NiceMS: ms(t.Nice), SystemMS: ms(t.System), IdleMS: ms(t.Idle), IOWaitMS: ms(t.Iowait),
		IRQMS: ms(t.IRQ, t.SoftIRQ), StealMS: ms(t.Steal), Switches: s.ContextSwitches, Blocked: s.ProcessesBlocked,
	}
}

// sysctls are the settings that say what the kernel lets be done to it, and
// where its limits are (Documentation/admin-guide/sysctl).
var sysctls = []string{
	"fs.file-max", "fs.nr_open", "fs.suid_dumpable", "fs.protected_hardlinks", "fs.protected_symlinks",
	"kernel.core_pattern", "kernel.dmesg_restrict", "kernel.ftrace_enabled", "kernel.kexec_load_disabled", "kernel.kptr_restrict", "kernel.modprobe", "kernel.modules_disabled",
	"kernel.panic_on_oops", "kernel.perf_event_paranoid", "kernel.pid_max", "kernel.randomize_va_space", "kernel.sysrq", "kernel.threads-max",
	"kernel.unprivileged_bpf_disabled", "kernel.yama.ptrace_scope",
	"net.core.somaxconn", "net.core.netdev_max_backlog", "net.ipv4.ip_forward", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_max_orphans", "net.ipv4.tcp_max_syn_backlog",
	"net.ipv4.tcp_max_tw_buckets", "net.ipv4.tcp_syncookies", "net.ipv6.conf.all.forwarding", "net.netfilter.nf_conntrack_max",
	"user.max_user_namespaces", "vm.max_map_count", "vm.overcommit_memory", "vm.swappiness",
}

// settings reads sysctls and the taint of the kernel.
func (h *hostReader) settings() {
	h.host.Sysctl = map[string]string{}
	for _, name := range sysctls {
		file := "sys/" + strings.ReplaceAll(name, ".", "/")
		data, err := h.proc.read(file, maxText)
		if err != nil {
			h.unlessAbsent("/proc/"+file, err)
			continue
		}
		h.host.Sysctl[name] = strings.TrimSpace(string(data))
	}
	if len(h.host.Sysctl) == 0 {
		h.host.Sysctl = nil
	}
	if data, err := h.proc.read("sys/kernel/tainted", maxText); err == nil {
		h.host.Tainted, _ = strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	}
}

// parseModule reads one line of proc_modules(5):
//
//	nf_tables 311296 4 nft_compat,nft_chain_nat, Live 0x0000000000000000 (OE)
func parseModule(line []byte) (index.Module, bool, error) {
	f := strings.Fields(string(line))
	if len(f) == 0 {
		return index.Module{}, false, nil
	}
	if len(f) < 5 {
		return index.Module{}, false, torn("%d fields of 5", len(f))
	}
	size, err1 := strconv.ParseUint(f[1], 10, 64)
	refs, err2 := strconv.Atoi(f[2])
	if err2 != nil && f[2] == "-" {
		refs, err2 = 0, nil // a kernel that cannot unload modules does not count them
	}
	if err1 != nil || err2 != nil {
		return index.Module{}, false, torn("%.60q", line)
	}
	m := index.Module{Name: f[0], Size: size, Refs: refs, State: f[4]}
	for user := range strings.SplitSeq(f[3], ",") {
		if user != "" && user != "-" {
			m.UsedBy = append(m.UsedBy, user)
		}
	}
	if len(f) > 6 {
		m.Taint = strings.Trim(f[6], "()")
	}
	return m, true, nil
}
