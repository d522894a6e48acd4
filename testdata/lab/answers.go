package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// An asker asks stilltrace as a user does, about the three cases of one run.
type asker struct {
	bin, dir string
	said     map[string][]byte // by the command line: what was asked before is not asked again
}

func newAsker(bin, dir string) *asker { return &asker{bin, dir, map[string][]byte{}} }

// say runs stilltrace on the still of that name and returns what it said. That
// nothing was found, exit status 1, is an answer.
func (a *asker) say(command, still string, args ...string) []byte {
	args = append([]string{command, filepath.Join(a.dir, still+".db")}, args...)
	line := strings.Join(args, " ")
	if b, ok := a.said[line]; ok {
		return b
	}
	cmd := exec.Command(a.bin, args...)
	var out bytes.Buffer
	cmd.Stdout = &out
	talk, err := execute(cmd)
	var status *exec.ExitError
	if errors.As(err, &status) && (status.ExitCode() == 1 || status.ExitCode() == 3 && command == "check") {
		err = nil // nothing was found; or what was found is what was asked for
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, talk)
	}
	must(err, "stilltrace %s", line)
	a.said[line] = out.Bytes()
	return out.Bytes()
}

// rows are the answer's rows.
func rows[T any](a *asker, command, still string, terms ...string) []T {
	var all []T
	d := json.NewDecoder(bytes.NewReader(a.say(command, still, append(terms, "--format", "jsonl")...)))
	for d.More() {
		var r T
		must(d.Decode(&r), "the answer to %s %s", command, strings.Join(terms, " "))
		all = append(all, r)
	}
	return all
}

// whole is an answer that is one object.
func whole[T any](a *asker, command, still string, terms ...string) (t T) {
	must(json.Unmarshal(a.say(command, still, append(terms, "--format", "json")...), &t), "the answer to %s", command)
	return t
}

// The parts of the answers that the questions read.
type (
	addressRow struct {
		IP          string         `json:"ip"`
		Failed      int            `json:"failed_logins"`
		Invalid     int            `json:"invalid_users"`
		Logins      int            `json:"logins"`
		Bans        int            `json:"bans"`
		Unbans      int            `json:"unbans"`
		Requests    int            `json:"requests"`
		Statuses    map[string]int `json:"statuses"` // 2xx and so on
		Users       []string       `json:"users"`
		First       time.Time      `json:"first"`
		Connections []struct {
			State string `json:"state"`
			LPort int    `json:"lport"`
			RPort int    `json:"rport"`
		} `json:"connections"`
	}
	eventRow struct {
		Time    *time.Time        `json:"time"`
		Source  string            `json:"source"`
		Line    int               `json:"line"`
		Service string            `json:"service"`
		PID     int               `json:"pid"`
		Action  string            `json:"action"`
		User    string            `json:"user"`
		IP      string            `json:"ip"`
		Message string            `json:"message"`
		Count   int               `json:"count"`
		Fields  map[string]string `json:"fields"`
		Raw     string            `json:"raw"`
	}
	errorRow struct {
		Signature string   `json:"signature"`
		Category  string   `json:"category"`
		Type      string   `json:"type"`
		Severity  string   `json:"severity"`
		Count     int      `json:"count"`
		Services  []string `json:"services"`
		Example   string   `json:"example"`
		Evidence  []string `json:"evidence"`
	}
	processRow struct {
		PID      int       `json:"pid"`
		PPID     int       `json:"ppid"`
		Comm     string    `json:"comm"`
		User     string    `json:"user"`
		Args     []string  `json:"cmdline"`
		Exe      string    `json:"exe"`
		Deleted  bool      `json:"exe_deleted"`
		Start    uint64    `json:"starttime"`
		Started  time.Time `json:"started"`
		FDs      *int      `json:"fds"`
		Security struct {
			Effective uint64 `json:"cap_eff"`
		} `json:"security"`
		Limits []struct {
			Name string `json:"name"`
			Soft int64  `json:"soft"`
		} `json:"limits"`
	}
	socketRow struct {
		Proto string     `json:"proto"`
		State string     `json:"state"`
		Local netip.Addr `json:"laddr"`
		LPort uint16     `json:"lport"`
		Peer  netip.Addr `json:"raddr"`
		RPort uint16     `json:"rport"`
		PIDs  []int      `json:"pids"`
	}
	countRow struct {
		Value string `json:"value"`
		Count int    `json:"count"`
	}
	caseInfo struct {
		Snapshots []struct {
			Start, End struct {
				At time.Time `json:"realtime"`
			}
			Host struct {
				Name   string `json:"hostname"`
				Kernel struct {
					Release string `json:"release"`
				} `json:"kernel"`
				Zone struct {
					Name string `json:"name"`
				} `json:"timezone"`
			} `json:"host"`
			Capturer struct {
				PID int `json:"pid"`
			} `json:"capturer"`
		} `json:"snapshots"`
		Sources []struct {
			Path   string `json:"path"`
			SHA256 string `json:"sha256"`
			Bytes  int64  `json:"bytes"`
		} `json:"sources"`
		Gaps []struct {
			Area  string `json:"area"`
			Place string `json:"place"`
		} `json:"gaps"`
	}
	caseProof struct {
		Whole    bool     `json:"whole"`
		Problems []string `json:"problems"`
	}
)

// events are the events of a still that fit all terms.
func (a *asker) events(still string, terms ...string) []eventRow {
	return rows[eventRow](a, "event", still, terms...)
}

// counted puts a name to each event and adds up how often it stands for.
func counted(all []eventRow, name func(eventRow) string) bag {
	b := bag{}
	for _, e := range all {
		b[name(e)] += e.Count
	}
	return b
}

// countedBy is how many events of the last still each value of a field has.
func (a *asker) countedBy(field string, terms ...string) bag {
	b := bag{}
	for _, r := range rows[countRow](a, "event", "after", append(terms, "--by", field)...) {
		b[r.Value] += r.Count
	}
	return b
}

// stamp is a time as it is typed, and as it is shown.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// address is the row of one address; without one nothing is known of it.
func (a *asker) address(still, ip string) addressRow {
	for _, r := range rows[addressRow](a, "ip", still, ip) {
		if r.IP == ip {
			return r
		}
	}
	return addressRow{IP: ip}
}
