package index

import "time"

// Host is what the capture knew of the machine itself. Names (users, groups,
// service ports, the time zone) are frozen here so that no analysis asks the
// analyst's machine for them.
type Host struct {
	Hostname  string    `json:"hostname"`   // /proc/sys/kernel/hostname, else /etc/hostname
	MachineID string    `json:"machine_id"` // machine-id(5)
	BootID    string    `json:"boot_id"`    // /proc/sys/kernel/random/boot_id
	OS        OSRelease `json:"os"`
	Kernel    Kernel    `json:"kernel"`
	Timezone  Timezone  `json:"timezone"`

	Booted  Time          `json:"booted"` // btime of /proc/stat: whole seconds, drifts with the clock; to show, never to compare
	Uptime  float64       `json:"uptime_seconds"`
	Forks   uint64        `json:"forks"` // "processes" of /proc/stat: forks since boot
	Load    Load          `json:"load"`
	Memory  Memory        `json:"memory"`
	Mounts  []Mount       `json:"mounts"`
	Users   []User        `json:"users"`
	Groups  []Group       `json:"groups"`
	Ports   []ServicePort `json:"ports,omitempty"` // services(5), as far as it names tcp and udp
	Modules []string      `json:"modules,omitempty"`

	CPU      *CPU              `json:"cpu,omitzero"`
	VMStat   map[string]uint64 `json:"vmstat,omitempty"` // of /proc/vmstat what tells of trouble: oom_kill, pswpin, pswpout, pgmajfault, allocstall_*; without those that are 0
	Pressure []Pressure        `json:"pressure,omitempty"`
	Disks    []Disk            `json:"disks,omitempty"`
	Swaps    []Swap            `json:"swaps,omitempty"`
	Spaces   []Space           `json:"spaces,omitempty"` // by mount point
	Files    *OpenFiles        `json:"open_files,omitzero"`

	Clock *ClockSync   `json:"clock_sync,omitzero"` // of a running host
	Trust *KernelTrust `json:"kernel_trust,omitzero"`

	NetSpaces     []NetSpace        `json:"net_spaces,omitempty"`   // by inode
	MountSpaces   []MountSpace      `json:"mount_spaces,omitempty"` // by inode
	UserSpaces    []UserSpace       `json:"user_spaces,omitempty"`  // by inode
	TimeSpaces    []TimeSpace       `json:"time_spaces,omitempty"`  // by inode
	Containers    []Container       `json:"containers,omitempty"`   // by id
	Logins        *LoginHistory     `json:"logins,omitzero"`
	Sessions      []LoginSession    `json:"sessions,omitempty"` // by id
	KernelModules []Module          `json:"kernel_modules,omitempty"`
	Tainted       uint64            `json:"tainted,omitzero"`   // /proc/sys/kernel/tainted: bits of Documentation/admin-guide/tainted-kernels.rst
	Sysctl        map[string]string `json:"sysctl,omitempty"`   // of /proc/sys what tells of trust and limits: kernel.core_pattern, kernel.pid_max, net.core.somaxconn, …
	Preload       []string          `json:"preload,omitempty"`  // lines of /etc/ld.so.preload: libraries that every program is made to load
	Packages      []Package         `json:"packages,omitempty"` // of dpkg and of rpm, in their order
	Programs      []Program         `json:"programs,omitempty"` // that were found running, by path
	Units         []Unit            `json:"units,omitempty"`    // by name
	Cron          []CronJob         `json:"cron,omitempty"`     // by path and line
	Keys          []AuthorizedKey   `json:"authorized_keys,omitempty"`
	Watched       []WatchedFile     `json:"watched,omitempty"` // files that start programs or say who may do what, in the order of reading
	SSHD          *SSHD             `json:"sshd,omitzero"`
	Privileged    []FoundFile       `json:"privileged_files,omitempty"` // setuid, setgid, or with capabilities, in the usual directories
	Temporary     []FoundFile       `json:"temporary_files,omitempty"`  // in /tmp, /var/tmp, /dev/shm and /run
	Locked        []LockedFile      `json:"locked_files,omitempty"`     // by path
	Names         []HostName        `json:"hosts,omitempty"`            // /etc/hosts, in its order
	Resolver      *Resolver         `json:"resolver,omitzero"`
	Resolved      []Resolved        `json:"resolved,omitempty"` // by address
}

// OpenFiles is /proc/sys/fs/file-nr.
type OpenFiles struct {
	Open uint64 `json:"open"` // of the whole machine
	Max  uint64 `json:"max"`
}

// OSRelease is os-release(5).
type OSRelease struct {
	ID         string `json:"id"`
	VersionID  string `json:"version_id"`
	PrettyName string `json:"pretty_name"`
}

// Kernel is what /proc says of the running kernel.
type Kernel struct {
	Release string `json:"release"` // /proc/sys/kernel/osrelease
	Version string `json:"version"` // /proc/version, whole
	Cmdline string `json:"cmdline"` // /proc/cmdline
}

// Timezone is the zone in which the host writes stamps that name none.
type Timezone struct {
	Name string `json:"name"` // Europe/Berlin; UTC where nothing else is known
	// Known is false where the host's /etc/localtime could not be read and UTC was assumed.
	Known bool `json:"known"`
	// Rules is the host's own /etc/localtime (tzfile(5)), so that its times can be read again as it read them.
	Rules []byte `json:"-" cbor:"rules,omitempty"`
}

// Location is the zone by the host's own rules, where the case holds them, or
// else by those that this program knows under its name; UTC where it knows
// none.
func (z *Timezone) Location() (loc *time.Location) {
	loc = time.UTC
	if known, err := time.LoadLocation(z.Name); err == nil && z.Name != "Local" {
		loc = known
	}
	if len(z.Rules) == 0 || len(z.Rules) > maxRules {
		return loc
	}
	// Rules of a case are anybody's.
	_ = guard(func() error {
		own, err := time.LoadLocationFromTZData(z.Name, z.Rules)
		if err == nil {
			loc = own
		}
		return err
	})
	return loc
}

// maxRules bounds the rules of a zone: those of the zone database have a few kilobytes.
const maxRules = 1 << 20

// Load is /proc/loadavg.
type Load struct {
	One     float64 `json:"one"`
	Five    float64 `json:"five"`
	Fifteen float64 `json:"fifteen"`
	Running int     `json:"running"` // runnable tasks
	Tasks   int     `json:"tasks"`   // tasks in all, threads included
}

// Memory is the part of /proc/meminfo that explains trouble, in bytes.
type Memory struct {
	Total     uint64 `json:"total_bytes"`
	Free      uint64 `json:"free_bytes"`
	Available uint64 `json:"available_bytes"`
	Buffers   uint64 `json:"buffers_bytes"`
	Cached    uint64 `json:"cached_bytes"`
	SwapTotal uint64 `json:"swap_total_bytes"`
	SwapFree  uint64 `json:"swap_free_bytes"`
}

// Mount is one line of /proc/PID/mountinfo (proc_pid_mountinfo(5)), octal
// escapes decoded.
type Mount struct {
	ID      int    `json:"id"`
	Parent  int    `json:"parent"`
	Device  string `json:"device"` // major:minor
	Root    string `json:"root"`
	Point   string `json:"point"`
	Type    string `json:"type"`
	Source  string `json:"source"`
	Options string `json:"options"`
	Super   string `json:"super_options"`
}

// User is one line of passwd(5).
type User struct {
	Name  string `json:"name"`
	UID   uint32 `json:"uid"`
	GID   uint32 `json:"gid"`
	Gecos string `json:"gecos,omitzero"`
	Home  string `json:"home"`
	Shell string `json:"shell"`
}

// Group is one line of group(5).
type Group struct {
	Name    string   `json:"name"`
	GID     uint32   `json:"gid"`
	Members []string `json:"members,omitempty"`
}

// ServicePort is one name of services(5).
type ServicePort struct {
	Name  string `json:"name"`
	Port  uint16 `json:"port"`
	Proto string `json:"proto"`
}

// UserName returns the name that the host's passwd gives uid, or "".
func (h *Host) UserName(uid uint32) string {
	for i := range h.Users {
		if h.Users[i].UID == uid {
			return h.Users[i].Name
		}
	}
	return ""
}
