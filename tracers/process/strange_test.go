package process

import (
	"encoding/json"
	"math"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// hostOf is what read makes of a case with these records.
func hostOf(snap *index.Snapshot, processes []index.Process, sockets []*index.Socket) *host {
	h := newHost(snap)
	for i := range processes {
		h.rows = append(h.rows, &Row{Kind: "process", Process: processes[i]})
	}
	h.sockets = sockets
	h.join()
	return h
}

// whole makes every answer that the rows can be asked for, and writes it as JSON.
func whole(t *testing.T, h *host) {
	t.Helper()
	a := h.answer()
	for _, r := range h.rows {
		h.judge(r)
		a.Processes = append(a.Processes, *r)
		for _, f := range fields {
			kind := f.Kind
			for _, value := range []string{"1", "x*", "::/0"} {
				if c, ok := (index.Term{Field: f.Name, Op: index.Is, Value: value}).Compile(kind); ok {
					f.Holds(&c, r)
				}
			}
		}
		_, err := json.Marshal(h.why(r))
		require.NoError(t, err)
		h.ancestry(h.at[r.PID])
	}
	h.walk()
	a.conclude(h, a.Processes, index.Query{})
	_, err := json.Marshal(a)
	require.NoError(t, err)
}

// TestStrangeRecords: numbers that no kernel writes, parents in circles,
// texts of any bytes.
func TestStrangeRecords(t *testing.T) {
	minusOne, most := -1, math.MaxInt
	bad := "\x1b[2J\n\xff)"
	list := []index.Process{
		{},
		{PID: -1, PPID: -1, Comm: bad, Exe: bad, Cmdline: []string{"", bad}, Cgroup: bad, State: bad, TTY: bad, Tracer: -5},
		{PID: 5, PPID: 6, StartTime: math.MaxUint64, UserMS: math.MaxUint64, SystemMS: math.MaxUint64, RSS: math.MaxUint64, VSize: math.MaxUint64, Threads: math.MinInt,
			FDs: &minusOne, Limits: []index.Limit{{Name: "nofile", Soft: math.MinInt64}}, Interval: &index.Interval{MS: math.MaxUint64, UserMS: math.MaxUint64}},
		{PID: 6, PPID: 5, FDs: &most, Limits: []index.Limit{{Name: "nofile", Soft: 1}}, IO: &index.ProcessIO{ReadBytes: math.MaxUint64, WriteBytes: math.MaxUint64},
			Switches: &index.Switches{Voluntary: math.MaxUint64, Involuntary: math.MaxUint64}, Interval: &index.Interval{}},
		{PID: 7, PPID: 7, Comm: "sshd", Cmdline: []string{"sshd: "}}, {PID: 8, PPID: 7, Comm: "cron"}, {PID: 9, PPID: 8, Cmdline: []string{"", "-c", ""}},
	}
	for _, up := range []float64{0, -1, math.NaN(), math.Inf(1), math.MaxFloat64, 1e300} {
		whole(t, hostOf(&index.Snapshot{Host: index.Host{Uptime: up}, Coverage: &index.Coverage{SecondLook: index.Clocks{Monotonic: math.MinInt64, Boottime: math.MinInt64}}}, list, nil))
		whole(t, hostOf(&index.Snapshot{Host: index.Host{Uptime: up}}, list, nil))
	}
}

// TestThousandsOfSockets: one inode in thousands of rows, one process with
// thousands of sockets, thousands of owners of one.
func TestThousandsOfSockets(t *testing.T) {
	var sockets []*index.Socket
	var owners []index.Owner
	var list []index.Process
	for i := range 5000 {
		owners = append(owners, index.Owner{PID: i + 1, FD: 3}, index.Owner{PID: i + 1, FD: 4})
		list = append(list, index.Process{PID: i + 1, PPID: 1})
	}
	for i := range 5000 {
		sockets = append(sockets, &index.Socket{Proto: "tcp", LPort: uint16(i), Remote: netip.IPv4Unspecified(), Inode: 7, Owner: owners[:2]})
	}
	sockets = append(sockets, &index.Socket{Proto: "tcp", LPort: 80, Inode: 8, Owner: owners})
	h := hostOf(&index.Snapshot{}, list, sockets)
	require.Len(t, h.rows[0].sockets, 5001)
	require.Len(t, h.rows[4999].sockets, 1)
}

func FuzzJudge(f *testing.F) {
	f.Add("sshd", "sshd: alice@pts/0", "/usr/sbin/sshd", "/system.slice/ssh.service", "203.0.113.7 51000 10.0.0.5 22", uint8(0))
	f.Add("[kworker/0:1]", "[kworker/0:1]", "/tmp/.x/m", "/user.slice/user-1000.slice/session-3.scope", "::1", uint8(7))
	f.Add("cron", "/bin/sh", "/memfd:x", "/user.slice/user-0.slice/user@0.service/a.service", "\x1b", uint8(255))
	f.Fuzz(func(t *testing.T, comm, arg, exe, cgroup, value string, bits uint8) {
		id := uint32(bits)
		p := index.Process{
			PID: 5, PPID: int(bits%4) * 2, Comm: comm, Cmdline: []string{arg, "-c", value}, Exe: exe, Cgroup: cgroup, ExeGone: bits&1 != 0, TTY: value, Container: value,
			UID: &id, EUID: new(uint32), LoginUID: &id, Script: &index.Script{Path: value}, Tracer: int(bits),
			Environ: []index.Variable{{Name: "SSH_CONNECTION", Value: &value}, {Name: "LD_PRELOAD", Value: &value}},
			Maps:    []index.Mapping{{Path: value, Perms: exe, Deleted: bits&2 != 0}, {Path: exe, Perms: "rwxp"}},
			Files:   []index.OpenFile{{FD: int(bits % 3), Type: "socket", Target: value, Inode: uint64(bits)}},
		}
		up := index.Process{PID: 2, PPID: 4, Comm: arg, Cmdline: []string{value}, Exe: exe, Cgroup: cgroup, EUID: &id}
		over := index.Process{PID: 4, PPID: 2, Comm: value, Cmdline: []string{comm, "-c", arg}}
		snap := &index.Snapshot{Host: index.Host{
			Containers: []index.Container{{ID: value, Name: arg}}, Sessions: []index.LoginSession{{ID: value, Scope: "session-3.scope"}},
			Units: []index.Unit{{Name: comm, Exec: []string{arg}}, {Name: value, Starts: cgroup}}, Cron: []index.CronJob{{Command: value}},
			Logins: &index.LoginHistory{Now: []index.Login{{Type: "user", Line: value, Host: arg}}}, Preload: []string{value},
		}}
		sockets := []*index.Socket{{Proto: "tcp", Remote: netip.IPv6Unspecified(), RPort: uint16(bits), Inode: uint64(bits), Owner: []index.Owner{{PID: 5}, {PID: 2}}}}
		h := hostOf(snap, []index.Process{p, up, over}, sockets)
		whole(t, h)
		for _, r := range h.rows {
			require.LessOrEqual(t, r.Score, 100)
		}
	})
}
