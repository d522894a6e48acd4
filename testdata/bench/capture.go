package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

const (
	// busyHostProcesses and busyHostSockets make the machine a busy server, and busyFiles are open in each process.
	busyHostProcesses, busyHostSockets, busyFiles = 1500, 5000, 3
	// manyProcesses is for the peak of memory.
	manyProcesses = 10_000
)

// capture measures a still of this machine beside the tools that it replaces:
// as it is, and as a busy server.
func (b *bench) capture(ctx context.Context) error {
	if !b.hasAll([]string{"ps", "ss", "lsof"}) {
		return nil
	}
	t := times()
	if err := b.captureBeside(ctx, &t, "the machine as it is", false); err != nil {
		return err
	}
	end, err := busy(ctx, max(busyHostProcesses-processes(), 0), busyHostSockets)
	defer end()
	if err != nil {
		return err
	}
	if err := b.captureBeside(ctx, &t, fmt.Sprintf("a busy server, %s sockets", grouped(busyHostSockets)), true); err != nil {
		return err
	}
	end()
	more, err := busy(ctx, max(manyProcesses-processes(), 0), 0)
	defer more()
	if err != nil {
		return err
	}
	if err := b.captureMany(ctx, &t); err != nil {
		return err
	}
	b.page.section("A capture beside the tools that it replaces", "Processes, their open files and sockets; the written case is part of the still. The busy server is this machine with sleeping processes, each with files and sockets of its own.", t)
	return nil
}

func (b *bench) still(name string, more ...string) *measured {
	return &measured{name: name, argv: append([]string{b.program, "snapshot", "--no-logs", "--force", "-o", filepath.Join(b.tmp, "state.db")}, more...)}
}

func (b *bench) captureBeside(ctx context.Context, t *table, how string, counts bool) error {
	how += ", " + grouped(int64(processes())) + " processes"
	own := b.still("`stilltrace snapshot --no-logs`, " + how)
	bare := b.still("`stilltrace snapshot --no-logs --no-hash`, "+how, "--no-hash")
	// lsof ends with 1 where it could not see all, which is no failure here.
	peer := &measured{name: "`ps auxww; ss -tanpe; lsof -nP`", argv: []string{"sh", "-c", "ps auxww; ss -tanpe; lsof -nP"}, nothing: true}
	if err := b.interleave(ctx, b.runs, own, bare, peer); err != nil {
		return err
	}
	for _, m := range []*measured{own, bare, peer} {
		t.rows = append(t.rows, timeRow(m))
	}
	cpu := figure{what: "a still without logs and hashes, " + how, against: "ps auxww, ss -tanpe, lsof -nP", measure: "CPU"}
	wall := figure{what: "a still without logs and hashes, " + how, against: "ps auxww, ss -tanpe, lsof -nP", measure: "wall"}
	if counts {
		cpu.goal, wall.goal = goal{0.30, 0.18}, goal{0.25, 0.11}
	}
	// What the tools do not do, reading each executable once to hash it, stands in the table and not in the ratio.
	b.ratio(cpu, float64(bare.cpu()), float64(peer.cpu()))
	b.ratio(wall, float64(bare.wall()), float64(peer.wall()))
	return nil
}

// captureMany is about the memory that a still takes.
func (b *bench) captureMany(ctx context.Context, t *table) error {
	own := b.still("`stilltrace snapshot --no-logs`, " + grouped(int64(processes())) + " processes")
	if err := b.interleave(ctx, b.runs, own); err != nil {
		return err
	}
	t.rows = append(t.rows, timeRow(own))
	return nil
}

// processes counts what /proc shows.
func processes() int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	n := 0
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err == nil {
			n++
		}
	}
	return n
}

// busy starts processes that do nothing but hold files and sockets: listeners
// and connections of TCP on loopback, sockets of UDP and of UNIX. They end when
// end is called, with ctx, or by themselves.
func busy(ctx context.Context, processes, sockets int) (end func(), err error) {
	ctx, stop := context.WithCancel(ctx)
	var all []*exec.Cmd
	end = func() {
		stop()
		for _, c := range all {
			_ = c.Wait()
		}
		all = nil
	}
	self, err := os.Executable()
	if err != nil {
		return end, err
	}
	for i := range processes {
		var files []*os.File
		for range busyFiles {
			f, err := os.Open(self)
			if err != nil {
				return end, err
			}
			files = append(files, f)
		}
		share := sockets*(i+1)/processes - sockets*i/processes
		held, err := hold(share, i)
		if err != nil {
			return end, err
		}
		files = append(files, held...)
		c := exec.CommandContext(ctx, "sleep", "3600")
		c.ExtraFiles = files
		err = c.Start()
		for _, f := range files {
			_ = f.Close()
		}
		if err != nil {
			return end, err
		}
		all = append(all, c)
	}
	return end, nil
}

// hold opens n sockets; which ones goes by the number of their process.
func hold(n, process int) ([]*os.File, error) {
	var files []*os.File
	keep := func(c interface{ File() (*os.File, error) }) error {
		f, err := c.File()
		files = append(files, f)
		return err
	}
	for len(files) < n {
		if process%4 == 0 || n-len(files) < 3 {
			c, err := net.ListenPacket("udp4", "127.0.0.1:0")
			if err != nil {
				return files, err
			}
			if err := keep(c.(*net.UDPConn)); err != nil {
				return files, err
			}
			_ = c.Close()
			continue
		}
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return files, err
		}
		there, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			return files, err
		}
		here, err := l.Accept()
		if err != nil {
			return files, err
		}
		for _, c := range []interface{ File() (*os.File, error) }{l.(*net.TCPListener), there.(*net.TCPConn), here.(*net.TCPConn)} {
			if err := keep(c); err != nil {
				return files, err
			}
		}
		_, _, _ = l.Close(), there.Close(), here.Close()
	}
	return files, nil
}
