package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// What an act is. One word each; what Count, PID, Port, Path and Detail mean
// under it stands beside it.
const (
	actLoginRefused  = "login_refused"   // Count credentials of From for User; Detail known: whether the account exists
	actLoginAccepted = "login_accepted"  // PID: sshd's process of the session; Port: the client's; Detail method, session: before, during or after which still it is open
	actLogout        = "logout"          // the end of the session of that PID
	actBan           = "ban"             // fail2ban's action ran for From
	actUnban         = "unban"           // the same
	actBlocked       = "blocked"         // Count connections of From that the ban refused
	actSudo          = "sudo"            // Count commands of User; Detail command, as
	actSudoDenied    = "sudo_denied"     // Count commands of User that sudo refused
	actListener      = "listener"        // PID listens on Port from the executable Path; Detail kind: deleted, memfd or shm
	actOutgoing      = "outgoing"        // PID keeps a connection from the victim to From, port Port
	actPreloaded     = "preloaded"       // PID runs with the library Path in LD_PRELOAD
	actWritable      = "writable_code"   // PID has anonymous memory that can be written and executed
	actShell         = "remote_shell"    // PID is a shell whose input and output are a connection to From, port Port
	actSetuid        = "setuid"          // PID runs Path, which has the setuid bit and is root's; User started it
	actTraces        = "traces"          // PID, from the executable Path, traces the process Detail traced
	actKilled        = "killed"          // PID was ended by User
	actRequest       = "request"         // Count requests of From for Path that nginx answered with Detail status
	actAuthRefused   = "auth_refused"    // Count wrong passwords of User by HTTP, from From
	actUpstreamDown  = "upstream_down"   // Count requests that nginx could not pass on
	actException     = "exception"       // Count requests that ended in Detail type in the site; Detail cause
	actDeadlock      = "deadlock"        // Count transactions that PostgreSQL ended to break a deadlock
	actTooManyConns  = "too_many_conns"  // Count connections that PostgreSQL refused because it had no room
	actRedisPassword = "redis_password"  // Count wrong passwords given to Redis from From
	actRedisMemory   = "redis_memory"    // Count writes that Redis refused for its maxmemory
	actRedisDisk     = "redis_disk"      // Count saves that Redis could not write to Path
	actOOMKill       = "oom_kill"        // PID, HostPID; Detail name, group
	actDiskFull      = "disk_full"       // Count writes to Path that failed for lack of space; Detail program
	actTooManyFiles  = "too_many_files"  // PID could not open Count files; Detail limit
	actSegfault      = "segfault"        // PID, HostPID; Detail name
	actCrash         = "crash"           // PID of Detail service died of Detail signal and was started again
	actStopped       = "service_stopped" // Detail service
	actStarted       = "service_started" // Detail service
	actRotation      = "rotation"        // Path was renamed and begun anew
	actCron          = "cron"            // Count runs of Detail command
	actCronJob       = "cron_job"        // PID is the job of User that cron started for the line Detail command, schedule of Path
	actAlone         = "alone"           // PID listens on Port in a network namespace of its own, and PID Detail peer keeps a connection to it there; Detail service, netns
	actThreads       = "threads"         // PID has the threads of Detail names
	actCapability    = "capability"      // PID of User has the capabilities of Detail effective, as /proc has them, and no other
	actSecret        = "secret"          // PID was started with the variable Detail name, whose value Detail value no case may hold
	actBacklog       = "backlog"         // Count connections of From wait at Port of PID, which accepts none; Detail backlog, refused: connections that had no room
	actHalfOpen      = "half_open"       // Count connections of From to Port of which the last packet of the handshake never came
	actCPU           = "cpu"             // Detail service used between Detail least and Detail most ms of CPU from the first snapshot of twice.db to the second
	actAudit         = "audit"           // Detail state: running, not installed, or what auditctl says when the kernel refuses
)

// An act is one thing that somebody did or that befell the victim, written down
// by the one who did it, while it was done.
type act struct {
	What    string            `json:"what"`
	Actor   string            `json:"actor,omitempty"` // attacker, sweep, slow, admin, visitor or host
	At      time.Time         `json:"at"`              // UTC, when it began
	Until   time.Time         `json:"until"`           // and when it was done
	From    string            `json:"from,omitempty"`  // an address
	User    string            `json:"user,omitempty"`
	Count   int               `json:"count"`
	PID     int               `json:"pid,omitempty"`      // as the victim numbers it
	HostPID int               `json:"host_pid,omitempty"` // as the kernel's log numbers it: the victim is a pid namespace
	Port    int               `json:"port,omitempty"`
	Path    string            `json:"path,omitempty"`
	Detail  map[string]string `json:"detail,omitempty"`
}

// A still is one snapshot, taken between At and Until.
type still struct {
	Name  string    `json:"name"` // before, during or after
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
	// The processes and sockets that were the same on both sides of it, as ps
	// and ss have them.
	Processes []process `json:"processes"`
	Sockets   []socket  `json:"sockets"`
	// The processes and sockets that were seen on one side of it only, or were
	// another on either: they may be in the still, and nothing beside them.
	PassingPIDs    []int    `json:"passing_pids"`
	PassingSockets []socket `json:"passing_sockets"`
	Logs           []file   `json:"logs"` // below /var/log
}

// A file is a regular one of the victim, with its size before the still and after it.
type file struct {
	Path   string `json:"path"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
}

// truth is truth.json.
type truth struct {
	Host     string            `json:"host"`
	Address4 string            `json:"address4"`
	Address6 string            `json:"address6"`
	Kernel   string            `json:"kernel"`
	Programs map[string]string `json:"programs"` // Debian package and version
	Stills   []still           `json:"stills"`
	Acts     []act             `json:"acts"`
}

// journal is the truth while it is made: it is written to its file after each act.
type journal struct {
	mu    sync.Mutex
	file  string
	truth truth
}

// add writes down acts; several programs act at a time.
func (j *journal) add(acts ...act) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, a := range acts {
		if a.At.IsZero() {
			return errors.New("truth: an act without its time: " + a.What)
		}
		if a.Until.IsZero() {
			a.Until = time.Now()
		}
		a.At, a.Until = a.At.UTC(), a.Until.UTC()
		j.truth.Acts = append(j.truth.Acts, a)
	}
	return j.write()
}

// addStill writes down a snapshot.
func (j *journal) addStill(s still) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	s.At, s.Until = s.At.UTC(), s.Until.UTC()
	j.truth.Stills = append(j.truth.Stills, s)
	return j.write()
}

func (j *journal) write() error {
	b, err := json.MarshalIndent(j.truth, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(j.file, append(b, '\n'), 0o644)
}

// readTruth reads what an earlier run wrote down.
func readTruth(dir string) (truth, error) {
	var t truth
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(b, &t)
}
