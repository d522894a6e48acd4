package index

// Login is one record of utmp, wtmp or btmp (utmp(5)), or of wtmpdb(8).
type Login struct {
	Type string `json:"type"` // user, dead, boot, shutdown, runlevel, init, login, time_old, time_new; else its number
	User string `json:"user"`
	Line string `json:"line"` // pts/0, tty1, ssh:notty
	ID   string `json:"id,omitzero"`
	Host string `json:"host,omitzero"` // where from, as the login program wrote it: a name or an address
	Addr string `json:"addr,omitzero"` // ut_addr_v6, "" where it is zero
	PID  int    `json:"pid,omitzero"`
	SID  int    `json:"sid,omitzero"`
	Exit int    `json:"exit,omitzero"` // of a dead process
	Time Time   `json:"time"`          // microseconds
	// Ended and Service are of wtmpdb alone, which has no record of its own for the end of a login: 0 where it goes on, or was cut off.
	Ended   Time   `json:"ended,omitzero"`
	Service string `json:"service,omitzero"` // PAM service: sshd, login

	Zero bool `json:"zeroed,omitzero"` // a record of zeros between others: somebody wiped it
}

// LastLogin is the last login of a user, from lastlog (lastlog(8)) or lastlog2(8).
type LastLogin struct {
	UID  uint32 `json:"uid"`           // 4294967295: lastlog2 has a name that the host's passwd has not
	User string `json:"user,omitzero"` // in the host's passwd
	Line string `json:"line"`
	Host string `json:"host,omitzero"`
	Time Time   `json:"time"` // whole seconds
}

// LoginHistory is what the files of utmp(5) say. They are written by the login
// programs themselves, and by whoever is root.
type LoginHistory struct {
	Now    []Login     `json:"now,omitempty"`    // /run/utmp, without its empty records
	Past   []Login     `json:"past,omitempty"`   // /var/log/wtmp: its last records, in the order of the file; behind them those of wtmpdb
	Failed []Login     `json:"failed,omitempty"` // /var/log/btmp, likewise
	Last   []LastLogin `json:"last,omitempty"`   // /var/log/lastlog, by uid; behind them those of lastlog2
}

// LoginSession is a session of systemd-logind, from /run/systemd/sessions.
type LoginSession struct {
	ID         string `json:"id"`
	UID        uint32 `json:"uid"`
	User       string `json:"user"`
	Leader     int    `json:"leader"`           // pid
	Scope      string `json:"scope"`            // session-3.scope, the Unit of its processes
	Service    string `json:"service,omitzero"` // PAM service: sshd, login, su
	Type       string `json:"type,omitzero"`    // tty, x11, wayland, unspecified
	Class      string `json:"class,omitzero"`   // user, greeter, manager
	State      string `json:"state,omitzero"`   // active, online, closing
	TTY        string `json:"tty,omitzero"`
	Remote     bool   `json:"remote,omitzero"`
	RemoteHost string `json:"remote_host,omitzero"`
	RemoteUser string `json:"remote_user,omitzero"`
	Started    Time   `json:"started,omitzero"` // microseconds
}
