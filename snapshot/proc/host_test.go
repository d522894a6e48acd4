package proc

import (
	"fmt"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

func TestLiveHost(t *testing.T) {
	var gaps []index.Gap
	var before, info unix.Sysinfo_t
	began := time.Now()
	require.NoError(t, unix.Sysinfo(&before))
	h := ReadHost(live(), func(g index.Gap) { gaps = append(gaps, g) })
	require.NoError(t, unix.Sysinfo(&info))
	ended := time.Now()

	var uts unix.Utsname
	require.NoError(t, unix.Uname(&uts))
	require.Equal(t, unix.ByteSliceToString(uts.Nodename[:]), h.Hostname)
	require.Equal(t, unix.ByteSliceToString(uts.Release[:]), h.Kernel.Release)
	require.True(t, strings.HasPrefix(h.Kernel.Version, "Linux version "+h.Kernel.Release))
	require.Len(t, h.BootID, 36)

	require.EqualValues(t, info.Totalram*uint64(info.Unit), h.Memory.Total)
	require.GreaterOrEqual(t, h.Uptime, float64(before.Uptime)-1) // which is rounded up
	require.LessOrEqual(t, h.Uptime, float64(info.Uptime))
	const slack = 2 // seconds: the clock of the host may be set a little meanwhile
	require.GreaterOrEqual(t, float64(h.Booted)/1e9, float64(began.Unix())-h.Uptime-slack)
	require.LessOrEqual(t, float64(h.Booted)/1e9, float64(ended.Unix())-h.Uptime+slack)
	require.Positive(t, h.Forks)
	require.GreaterOrEqual(t, h.Load.Tasks, h.Load.Running)
	require.Positive(t, h.Load.Tasks)

	me, err := user.LookupId(strconv.Itoa(os.Getuid()))
	require.NoError(t, err)
	require.Equal(t, me.Username, h.UserName(uint32(os.Getuid())))
	require.NotEmpty(t, h.Groups)
	points := map[string]bool{}
	for _, m := range h.Mounts {
		points[m.Point] = true
	}
	require.True(t, points["/proc"])
	for _, g := range gaps {
		require.Equal(t, "host", g.Area)
		require.NotEqual(t, index.ReasonTorn, g.Reason, "%v", g)
	}
}

// tzif is the rules of a zone as the zone database of this machine has them.
func tzif(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("/usr/share/zoneinfo/" + name)
	if err != nil {
		t.Skipf("no zone database: %v", err)
	}
	return string(data)
}

func TestCopiedHost(t *testing.T) {
	procDir, root := t.TempDir(), t.TempDir()
	craft(t, procDir, map[string]any{
		"sys/kernel/hostname":       "web01\n",
		"sys/kernel/osrelease":      "6.1.0\n",
		"sys/kernel/random/boot_id": "2f1d0f0e-0000-4000-8000-000000000001\n",
		"version":                   "Linux version 6.1.0 (\xff)\n",
		"cmdline":                   "ro quiet\n",
		"uptime":                    "350735.47 234388.90\n",
		"loadavg":                   "0.52 0.41 0.30 2/234 5678\n",
		"stat":                      "cpu  1 2 3 4\nbtime 1700000000\nprocesses 99\n",
		"meminfo":                   "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 2 kB\nBuffers: 3 kB\nCached: 4 kB\nSwapTotal: 5 kB\nSwapFree: 6 kB\n",
		"modules":                   "overlay 1 0 - Live 0x0\nnf_tables 2 3 nft_compat,nft_nat, Live 0x0 (OE)\n",
		"vmstat":                    "nr_free_pages 5\noom_kill 2\npswpin 0\n",
		"pressure/memory":           "some avg10=1.50 avg60=0.50 avg300=0.00 total=7\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=3\n",
		"diskstats":                 " 254       0 vda 10 1 20 5 3 0 8 4 0 9 9\n   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n",
		"swaps":                     "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/swap                                   file\t\t1024\t\t512\t\t-2\n",
		"sys/fs/file-nr":            "1888\t0\t4096\n",
		"sys/kernel/core_pattern":   "|/tmp/x\n",
		"sys/net/core/somaxconn":    "4096\n",
		"sys/kernel/tainted":        "12288\n",
		"1/mountinfo": "36 35 98:0 /mnt1 /mnt\\0402\\134x rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n" +
			"torn\n" +
			"37 36 0:5 / /x rw - tmpfs  rw,size=1k\n",
	})
	craft(t, root, map[string]any{
		"etc/machine-id":                   "3d1219c7c4c5404aaa1f6d2a48adfda4\n",
		"etc/os-release":                   link("../usr/lib/os-release"),
		"usr/lib/os-release":               "# x\nID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian \\\"12\\\" \\x\"\nNAME='x'\n",
		"etc/passwd":                       "root:x:0:0:root:/root:/bin/bash\n+@nis\n# comment\n\nbad\nbig:x:4294967296:0:::\nnobody:x:65534:65534:no\xff:/:/bin/false\n",
		"etc/group":                        "adm:x:4:syslog,ann\nempty:x:5:\nbad:x\nneg:x:-1:\n",
		"etc/services":                     "# head\nssh\t22/tcp\t# x\ndomain 53/udp name\nsctp 9/sctp\nbad\nworse 70000/tcp\n",
		"etc/localtime":                    link("/usr/share/zoneinfo/Europe/Berlin"),
		"usr/share/zoneinfo/Europe/Berlin": tzif(t, "Europe/Berlin"),
	})
	s := take(t, Options{Proc: procDir, Root: root})
	require.Equal(t, index.Host{
		Hostname: "web01", MachineID: "3d1219c7c4c5404aaa1f6d2a48adfda4", BootID: "2f1d0f0e-0000-4000-8000-000000000001",
		OS:       index.OSRelease{ID: "debian", VersionID: "12", PrettyName: `Debian "12" \x`},
		Kernel:   index.Kernel{Release: "6.1.0", Version: "Linux version 6.1.0 (\xff)", Cmdline: "ro quiet"},
		Timezone: index.Timezone{Name: "Europe/Berlin", Known: true, Rules: []byte(tzif(t, "Europe/Berlin"))},
		Booted:   1700000000_000000000, Uptime: 350735.47, Forks: 99,
		Load:   index.Load{One: 0.52, Five: 0.41, Fifteen: 0.30, Running: 2, Tasks: 234},
		Memory: index.Memory{Total: 1024000, Free: 1024, Available: 2048, Buffers: 3072, Cached: 4096, SwapTotal: 5120, SwapFree: 6144},
		Mounts: []index.Mount{
			{ID: 36, Parent: 35, Device: "98:0", Root: "/mnt1", Point: "/mnt 2\\x", Type: "ext3", Source: "/dev/root", Options: "rw,noatime", Super: "rw,errors=continue"},
			{ID: 37, Parent: 36, Device: "0:5", Root: "/", Point: "/x", Type: "tmpfs", Options: "rw", Super: "rw,size=1k"},
		},
		Users:         []index.User{{Name: "root", Gecos: "root", Home: "/root", Shell: "/bin/bash"}, {Name: "nobody", UID: 65534, GID: 65534, Gecos: "no\xff", Home: "/", Shell: "/bin/false"}},
		Groups:        []index.Group{{Name: "adm", GID: 4, Members: []string{"syslog", "ann"}}, {Name: "empty", GID: 5}},
		Ports:         []index.ServicePort{{Name: "ssh", Port: 22, Proto: "tcp"}, {Name: "domain", Port: 53, Proto: "udp"}},
		Modules:       []string{"overlay", "nf_tables"},
		KernelModules: []index.Module{{Name: "overlay", Size: 1, State: "Live"}, {Name: "nf_tables", Size: 2, Refs: 3, UsedBy: []string{"nft_compat", "nft_nat"}, State: "Live", Taint: "OE"}},
		CPU:           &index.CPU{UserMS: 10, NiceMS: 20, SystemMS: 30, IdleMS: 40},
		VMStat:        map[string]uint64{"oom_kill": 2},
		Pressure: []index.Pressure{
			{Resource: "memory", Kind: "some", Avg10: 1.5, Avg60: 0.5, TotalUS: 7}, {Resource: "memory", Kind: "full", TotalUS: 3},
		},
		Disks:   []index.Disk{{Name: "vda", Device: "254:0", Reads: 10, ReadBytes: 20 * 512, ReadMS: 5, Writes: 3, WriteBytes: 8 * 512, WriteMS: 4, BusyMS: 9}},
		Swaps:   []index.Swap{{Path: "/swap", Type: "file", Size: 1 << 20, Used: 512 << 10}},
		Files:   &index.OpenFiles{Open: 1888, Max: 4096},
		Sysctl:  map[string]string{"kernel.core_pattern": "|/tmp/x", "net.core.somaxconn": "4096"},
		Tainted: 12288,
	}, s.host)
	var places []string
	for _, g := range s.gaps {
		if g.Area == areaHost {
			places = append(places, fmt.Sprintf("%s %s", g.Place, g.Reason))
		}
	}
	require.Equal(t, []string{
		"/proc/1/mountinfo:2 torn", "/etc/passwd:5 torn", "/etc/passwd:6 torn", "/etc/group:3 torn", "/etc/group:4 torn",
		"/etc/services:5 torn", "/etc/services:6 torn",
	}, places)
}

func TestEmptyHost(t *testing.T) {
	s := take(t, Options{Proc: t.TempDir(), Root: t.TempDir()})
	require.Equal(t, index.Host{Timezone: index.Timezone{Name: "UTC"}}, s.host)
	places := map[string]index.Reason{}
	for _, g := range s.gaps {
		if g.Area == areaHost {
			places[g.Place] = g.Reason
		}
	}
	want := map[string]index.Reason{}
	for _, place := range []string{
		"/proc/sys/kernel/hostname", "/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/osrelease", "/proc/version", "/proc/cmdline", "/proc/uptime",
		"/proc/loadavg", "/proc/stat", "/proc/meminfo", "/proc/1/mountinfo", "/etc/hostname", "/etc/machine-id", "/etc/os-release", "/etc/passwd", "/etc/group",
	} {
		want[place] = index.ReasonAbsent
	}
	require.Equal(t, want, places)
}

func TestHostWithoutProc(t *testing.T) {
	root := t.TempDir()
	craft(t, root, map[string]any{"etc/hostname": "box\n", "etc/machine-id": "", "etc/os-release": "ID=a\n", "etc/passwd": "", "etc/group": ""})
	h := ReadHost(Options{Root: root}, func(g index.Gap) { t.Errorf("gap %v", g) })
	require.Equal(t, "box", h.Hostname)

	var places []string
	ReadHost(Options{Root: filepath.Join(root, "none"), Proc: filepath.Join(root, "none")}, func(g index.Gap) { places = append(places, g.Place) })
	require.Equal(t, []string{"/proc", "/"}, places)
}

// Nothing outside of the root is read, whatever the links say, and nothing that is no file.
func TestRootIsNotLeft(t *testing.T) {
	outside := t.TempDir()
	craft(t, outside, map[string]any{"passwd": "evil:x:0:0:::\n", "group": "evil:x:0:\n", "hostname": "evil\n"})
	base := t.TempDir()
	root, procDir := filepath.Join(base, "root"), filepath.Join(base, "proc")
	craft(t, base, map[string]any{"etc/hostname": "evil\n"})
	craft(t, root, map[string]any{
		"etc/passwd":     link(filepath.Join(outside, "passwd")),
		"etc/group":      link("../../etc/group"),
		"etc/hostname":   link("../../../etc/hostname"),
		"etc/machine-id": link("machine-id"),
		"etc/os-release": fifo{},
		"etc/services":   hole(1 << 40),
		"etc/localtime":  link("../" + outside + "/zone"),
	})
	craft(t, procDir, map[string]any{"stat": link(filepath.Join(outside, "passwd")), "meminfo": fifo{}, "uptime": fifo{}, "version": hole(1 << 40), "loadavg": "a b c d"})
	s := take(t, Options{Proc: procDir, Root: root})
	require.Empty(t, s.host.Users)
	require.Empty(t, s.host.Hostname)
	reasons := map[string]index.Reason{}
	for _, g := range s.gaps {
		reasons[g.Place] = g.Reason
	}
	for place, want := range map[string]index.Reason{
		"/etc/passwd": index.ReasonAbsent, "/etc/group": index.ReasonUnsupported, "/etc/hostname": index.ReasonUnsupported, "/etc/machine-id": index.ReasonUnsupported,
		"/etc/os-release": index.ReasonUnsupported, "/etc/services": index.ReasonTooLarge,
		"/proc/stat": index.ReasonUnsupported, "/proc/meminfo": index.ReasonUnsupported, "/proc/uptime": index.ReasonUnsupported,
		"/proc/version": index.ReasonTooLarge, "/proc/loadavg": index.ReasonTorn,
	} {
		require.Equal(t, want, reasons[place], place)
	}
}

func TestReadZone(t *testing.T) {
	berlin := tzif(t, "Europe/Berlin")
	for name, c := range map[string]struct {
		files map[string]any
		want  index.Timezone
	}{
		"absolute link":   {map[string]any{"etc/localtime": link("/usr/share/zoneinfo/Europe/Berlin"), "usr/share/zoneinfo/Europe/Berlin": berlin}, index.Timezone{Name: "Europe/Berlin", Known: true}},
		"relative link":   {map[string]any{"etc/localtime": link("../usr/share/zoneinfo/posix/Europe/Berlin"), "usr/share/zoneinfo/posix/Europe/Berlin": berlin}, index.Timezone{Name: "Europe/Berlin", Known: true}},
		"link to a link":  {map[string]any{"etc/localtime": link("alternatives/zone"), "etc/alternatives/zone": link("/usr/share/zoneinfo/Europe/Berlin"), "usr/share/zoneinfo/Europe/Berlin": berlin}, index.Timezone{Name: "Europe/Berlin", Known: true}},
		"file and name":   {map[string]any{"etc/localtime": berlin, "etc/timezone": "Europe/Berlin\n"}, index.Timezone{Name: "Europe/Berlin", Known: true}},
		"link beats name": {map[string]any{"etc/localtime": link("/usr/share/zoneinfo/Europe/Berlin"), "usr/share/zoneinfo/Europe/Berlin": berlin, "etc/timezone": "Asia/Tokyo\n"}, index.Timezone{Name: "Europe/Berlin", Known: true}},
		"file alone":      {map[string]any{"etc/localtime": berlin}, index.Timezone{Name: "CET-1CEST,M3.5.0,M10.5.0/3", Known: true}},
		"hostile name":    {map[string]any{"etc/localtime": berlin, "etc/timezone": "\x1b[2J/../x\n"}, index.Timezone{Name: "CET-1CEST,M3.5.0,M10.5.0/3", Known: true}},
		"dangling link":   {map[string]any{"etc/localtime": link("/usr/share/zoneinfo/Europe/Berlin")}, index.Timezone{Name: "UTC"}},
		"no file":         {nil, index.Timezone{Name: "UTC"}},
		"torn file":       {map[string]any{"etc/localtime": berlin[:50]}, index.Timezone{Name: "UTC"}},
		"no zone":         {map[string]any{"etc/localtime": "hello"}, index.Timezone{Name: "UTC"}},
		"pipe":            {map[string]any{"etc/localtime": fifo{}}, index.Timezone{Name: "UTC"}},
		"huge":            {map[string]any{"etc/localtime": hole(1 << 40)}, index.Timezone{Name: "UTC"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			craft(t, root, c.files)
			rules, zone := ReadZone(root)
			require.Equal(t, c.want.Known, string(zone.Rules) == berlin)
			require.Equal(t, rules, zone.Location(), "the case has all that it takes")
			zone.Rules = nil
			require.Equal(t, c.want, zone)
			_, offset := time.Date(2026, 7, 1, 0, 0, 0, 0, rules).Zone()
			if c.want.Known {
				require.Equal(t, 7200, offset)
				require.Equal(t, c.want.Name, rules.String())
			} else {
				require.Equal(t, time.UTC, rules)
			}
		})
	}
	rules, zone := ReadZone(filepath.Join(t.TempDir(), "none"))
	require.Equal(t, time.UTC, rules)
	require.False(t, zone.Known)
}

func TestParseLoadRefusesWhatJSONCannotHold(t *testing.T) {
	for _, text := range []string{"", "1 2 3", "NaN 2 3 1/2", "1 Inf 3 1/2", "1e999 2 3 1/2", "1 2 3 12", "1 2 3 x/2"} {
		_, err := parseLoad([]byte(text))
		require.ErrorIs(t, err, errTorn, text)
	}
	for _, text := range []string{"", " ", "x", "nan"} {
		_, err := parseUptime([]byte(text))
		require.ErrorIs(t, err, errTorn, text)
	}
	require.False(t, math.Signbit(must(parseUptime([]byte("0.00 0.00")))))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
