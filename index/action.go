package index

import "fmt"

// Action says what an event did, in one fixed vocabulary. The zero Action is
// ActionOther. The numbers are part of the case format: a new action is added
// at the end.
type Action uint8

// The actions.
const (
	ActionOther            Action = iota // known service, no action of this list
	ActionLogin                          // a credential was accepted
	ActionLoginFailed                    // a credential was refused
	ActionLoginInvalidUser               // an unknown user was named, no credential offered yet
	ActionLogout
	ActionSessionOpened
	ActionSessionClosed
	ActionSudo
	ActionSudoDenied
	ActionSu
	ActionSuFailed
	ActionAccountChanged
	ActionIPFound // fail2ban counted a failure
	ActionIPBanned
	ActionIPUnbanned
	ActionHTTPRequest // one line of an access log
	ActionConnectionOpened
	ActionConnectionClosed
	ActionConnectionRefused
	ActionConnectionTimeout
	ActionConnectionReset
	ActionServiceStarted
	ActionServiceStopped
	ActionServiceFailed
	ActionOOMKill
	ActionMemoryError
	ActionSegfault
	ActionDiskFull
	ActionIOError
	ActionFSError
	ActionTooManyFiles
	ActionDeadlock
	ActionQueryError   // a database refused a statement
	ActionDBConnection // a client could not reach or enter a database
	ActionPermissionDenied
	ActionFirewallBlock
	ActionScheduledJob
	ActionPackageChanged
	ActionConfigChanged
	ActionException // a program's traceback
	ActionCertError
	ActionDNSError
	ActionTimeChange
)

var actionNames = [...]string{
	"other",
	"login",
	"login_failed",
	"login_invalid_user",
	"logout",
	"session_opened",
	"session_closed",
	"sudo",
	"sudo_denied",
	"su",
	"su_failed",
	"account_changed",
	"ip_found",
	"ip_banned",
	"ip_unbanned",
	"http_request",
	"connection_opened",
	"connection_closed",
	"connection_refused",
	"connection_timeout",
	"connection_reset",
	"service_started",
	"service_stopped",
	"service_failed",
	"oom_kill",
	"memory_error",
	"segfault",
	"disk_full",
	"io_error",
	"fs_error",
	"too_many_files",
	"deadlock",
	"query_error",
	"db_connection",
	"permission_denied",
	"firewall_block",
	"scheduled_job",
	"package_changed",
	"config_changed",
	"exception",
	"cert_error",
	"dns_error",
	"time_change",
}

func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// MarshalText writes the action's name.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// ActionNames returns the names of all actions.
func ActionNames() []string { return append([]string(nil), actionNames[:]...) }

// ParseAction returns the action of that name.
func ParseAction(name string) (Action, bool) {
	for i, n := range actionNames {
		if n == name {
			return Action(i), true
		}
	}
	return ActionOther, false
}

// Trouble reports whether the action itself is a failure of the host or of its
// software, whatever its level: a summary keeps an example of its events.
func (a Action) Trouble() bool {
	switch a {
	case ActionConnectionRefused, ActionConnectionTimeout, ActionConnectionReset, ActionServiceFailed, ActionOOMKill, ActionMemoryError,
		ActionSegfault, ActionDiskFull, ActionIOError, ActionFSError, ActionTooManyFiles, ActionDeadlock, ActionQueryError, ActionDBConnection,
		ActionPermissionDenied, ActionException, ActionCertError, ActionDNSError:
		return true
	}
	return false
}
