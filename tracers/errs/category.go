package errs

import "stilltrace/index"

// Category is the part of the host or of its software that is in trouble.
type Category string

// The categories.
const (
	Database    Category = "database"
	Network     Category = "network"
	Memory      Category = "memory"
	Disk        Category = "disk"
	Files       Category = "files"
	Permission  Category = "permission"
	Process     Category = "process"
	Service     Category = "service"
	HTTP        Category = "http"
	Application Category = "application"
	Certificate Category = "certificate"
	DNS         Category = "dns"
	Other       Category = "other"
)

// Categories returns all categories.
func Categories() []string {
	return []string{
		string(Database), string(Network), string(Memory), string(Disk), string(Files), string(Permission), string(Process),
		string(Service), string(HTTP), string(Application), string(Certificate), string(DNS), string(Other),
	}
}

// when says under which condition an event of an action is an error.
type when uint8

const (
	byLevel   when = iota // only where its level is err or worse
	byTrouble             // also at level warning, or where its outcome is failure
	always                // whatever its level: the action itself is a failure
)

// kind is what is known of the errors of one action.
type kind struct {
	when     when
	category Category
	hint     string // what such an error usually means, in one line
}

// kinds is the table of actions. An action that is not in it is an error only
// by its level, and its category is other.
//
// The refused logins and their kin are here for their category alone: they are
// the work of the ip tracer, unless the program that wrote them called one an
// error.
func kinds() map[index.Action]kind {
	return map[index.Action]kind{
		index.ActionOOMKill:     {always, Memory, "the kernel ended a process because memory, or the memory limit of its cgroup, was used up"},
		index.ActionMemoryError: {always, Memory, "a program was refused memory that it asked for"},
		index.ActionSegfault:    {always, Process, "a program touched memory that is not its own and was ended: a defect in it, or faulty memory"},

		index.ActionDiskFull:     {always, Disk, "a file system has no blocks or no inodes left, or a quota is used up"},
		index.ActionIOError:      {always, Disk, "a device could not read or write: a failing disk, cable or controller"},
		index.ActionFSError:      {always, Disk, "a file system found its own structures damaged"},
		index.ActionTooManyFiles: {always, Files, "a process, or the host, reached its limit of open files (ulimit -n, fs.file-max)"},

		index.ActionPermissionDenied: {always, Permission, "a program was refused access: wrong owner or mode, or a policy of the kernel"},
		index.ActionSudoDenied:       {byLevel, Permission, "a user may not do this with sudo"},
		index.ActionSuFailed:         {byLevel, Permission, "su refused the credential"},
		index.ActionLoginFailed:      {byLevel, Permission, "a credential was refused"},
		index.ActionLoginInvalidUser: {byLevel, Permission, "an unknown user was named"},

		index.ActionServiceFailed:  {always, Service, "a service ended with an error or did not start"},
		index.ActionServiceStarted: {byLevel, Service, ""},
		index.ActionServiceStopped: {byLevel, Service, ""},

		index.ActionDeadlock:     {always, Database, "two transactions waited for each other; the database ended one of them"},
		index.ActionQueryError:   {always, Database, "the database refused a statement"},
		index.ActionDBConnection: {always, Database, "a client could not reach the database or was not let in"},

		index.ActionConnectionRefused: {byTrouble, Network, "nothing listens at the other end, or a firewall refuses"},
		index.ActionConnectionTimeout: {byTrouble, Network, "the other end did not answer in time: overloaded, gone, or packets are dropped"},
		index.ActionConnectionReset:   {byTrouble, Network, "the other end broke the connection off"},
		index.ActionConnectionOpened:  {byLevel, Network, ""},
		index.ActionConnectionClosed:  {byLevel, Network, ""},
		index.ActionFirewallBlock:     {byLevel, Network, ""},
		index.ActionDNSError:          {always, DNS, "a name could not be resolved"},
		index.ActionCertError:         {always, Certificate, "a certificate is expired, unknown, or not for this name"},

		index.ActionHTTPRequest: {byLevel, HTTP, "the server could not answer a request that may have been good: see its error log and what stands behind it"},
		index.ActionException:   {always, Application, "a program did not handle an error of its own"},
	}
}

// class is what of an event decides whether it is an error.
type class struct {
	action  index.Action
	level   index.Level
	outcome index.Outcome
}

// classify returns what is known of e as an error, and whether it is one.
func classify(table map[index.Action]kind, e *index.Event) (kind, bool) {
	return class{e.Action, e.Level, e.Outcome}.classify(table, func() bool { return serverError(e.Get("status")) })
}

// classify likewise; broken says whether the server could not answer, where
// that matters.
func (c class) classify(table map[index.Action]kind, broken func() bool) (kind, bool) {
	k, ok := table[c.action]
	if !ok {
		k = kind{category: Other}
	}
	switch {
	case c.level.AtLeast(index.LevelErr) || k.when == always:
		return k, true
	case k.when == byTrouble:
		return k, c.level.AtLeast(index.LevelWarning) || c.outcome == index.OutcomeFailure
	case c.action == index.ActionHTTPRequest:
		return k, broken()
	}
	return k, false
}

// serverError reports whether the status is one of 5xx (RFC 9110 section 15.6).
func serverError(status string) bool { return len(status) == 3 && status[0] == '5' }

// typeOf returns the class of the exception, the state of SQL or the status of
// HTTP where the entry names one, else the action.
func typeOf(e *index.Event) string {
	names := [...]string{"exception", "sqlstate"}
	for _, name := range names {
		if v := e.Get(name); v != "" {
			return v
		}
	}
	if v := e.Get("status"); v != "" && e.Action == index.ActionHTTPRequest {
		return v
	}
	return e.Action.String()
}
