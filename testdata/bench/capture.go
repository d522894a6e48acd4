package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

const (
	// busyHostProcesses and busyHostSockets make the machine a busy server, and busyFiles are open in each process.
	busyHostProcesses, busyHostSockets, busyFiles = 1500, 5000, 3
	// busySpaces are the network namespaces that share them.
	busySpaces = 4
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
	spaces := busySpaces
	if os.Geteuid() != 0 {
		spaces = 1
		b.page.note("the busy server lives in one network namespace: only root makes others")
	}
	end, err := b.server(ctx, max(busyHostProcesses-processes(), 0), busyHostSockets, spaces)
	defer end()
	if err != nil {
		return err
	}
	if err := b.captureBeside(ctx, &t, fmt.Sprintf("a busy server, %s sockets in %d network namespaces", grouped(busyHostSockets), spaces), true); err != nil {
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
	if err := b.repeat(ctx, b.runs, own, bare, peer); err != nil {
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
	if err := b.repeat(ctx, b.runs, own); err != nil {
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
