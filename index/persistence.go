package index

// Unit is one unit file of systemd (systemd.unit(5)) with its drop-ins, read
// from the files and not asked of systemd.
type Unit struct {
	Name string `json:"name"` // ssh.service, logrotate.timer; service.d/x.conf of a drop-in that is of no one unit
	Path string `json:"path"` // of the file that counts: /etc before /run before /usr/lib
	// Target is what Path leads to where it is a link: /dev/null for a masked unit, the unit that it is another name of, or a file elsewhere, whose text counts.
	Target  string   `json:"target,omitzero"`
	Mtime   Time     `json:"mtime,omitzero"`
	Size    int64    `json:"size_bytes,omitzero"`
	DropIns []string `json:"drop_ins,omitempty"` // paths of *.conf, which change it
	// WantedBy are the units that start it: the directories *.wants and *.requires that hold a link of its name.
	WantedBy []string `json:"wanted_by,omitempty"`
	Exec     []string `json:"exec,omitempty"` // values of ExecStart=, ExecStartPre=, … with their key: "ExecStart=/usr/sbin/sshd -D"
	User     string   `json:"user,omitzero"`
	// Schedule are the lines of a timer that say when (OnCalendar=, OnBootSec=, …), of a socket what it hears, of a path what it watches.
	Schedule []string `json:"schedule,omitempty"`
	Starts   string   `json:"starts,omitzero"` // Unit= of a timer, socket or path
	Last     Time     `json:"last,omitzero"`   // when a timer with Persistent= fired last, from /var/lib/systemd/timers
}

// CronJob is one job of cron(8), anacron(8) or at(1).
type CronJob struct {
	Path     string `json:"path"`
	Line     int    `json:"line,omitzero"` // from 1; 0 where the whole file is the job (cron.daily, at)
	User     string `json:"user,omitzero"`
	Schedule string `json:"schedule"`         // the five fields or @word as written; hourly, daily, … of a directory; at, of a job of at(1)
	Command  string `json:"command,omitzero"` // of a directory's file what that is, links followed; of a job of at its first line
	Mtime    Time   `json:"mtime,omitzero"`   // of the file
}

// WatchedFile is a file that starts programs or says who may do what: of a
// shell, of PAM, sudo(8), sshd(8), udev(7), the loader, a package manager. Its
// text is not kept, which may hold secrets; that it changed shows in two stills.
type WatchedFile struct {
	Path   string        `json:"path"`
	Target string        `json:"target,omitzero"` // where it is a link: what that leads to
	File   *FileIdentity `json:"file,omitzero"`   // of the file at the end of the link; nil where that is no file, as /dev/null
	SHA256 string        `json:"sha256,omitzero"` // "" of /etc/shadow and /etc/gshadow, and where a Gap says why
}

// AuthorizedKey is one line of an authorized_keys file (sshd(8)).
type AuthorizedKey struct {
	User        string `json:"user"` // whose account it opens; * of a file that sshd asks for every account
	Path        string `json:"path"`
	Line        int    `json:"line"`
	Type        string `json:"type"`             // ssh-ed25519, ssh-rsa, …
	Fingerprint string `json:"fingerprint"`      // SHA256:… as sshd logs it when the key is used
	Options     string `json:"options,omitzero"` // command="…", from="…"
	Comment     string `json:"comment,omitzero"`
	Mtime       Time   `json:"mtime,omitzero"` // of the file
}

// Module is a line of /proc/modules (proc_modules(5)).
type Module struct {
	Name   string   `json:"name"`
	Size   uint64   `json:"size_bytes"`
	Refs   int      `json:"refs,omitzero"`
	UsedBy []string `json:"used_by,omitempty"`
	State  string   `json:"state"`          // Live, Loading, Unloading
	Taint  string   `json:"taint,omitzero"` // letters: O out of tree, E unsigned, P proprietary (Documentation/admin-guide/tainted-kernels.rst)
}
