package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// moreProcesses is how many sleeping processes are added for the second
// measurement of a capture.
const moreProcesses = 1000

// capture measures a still of this machine beside the tools that it replaces.
func (b *bench) capture(ctx context.Context) error {
	if !b.hasAll([]string{"ps", "ss", "lsof"}) {
		return nil
	}
	t := times()
	if err := b.captureBeside(ctx, &t, "the machine as it is"); err != nil {
		return err
	}
	end, err := sleepers(ctx, moreProcesses)
	defer end()
	if err != nil {
		return err
	}
	if err := b.captureBeside(ctx, &t, grouped(moreProcesses)+" sleeping processes more"); err != nil {
		return err
	}
	b.page.section("A capture beside the tools that it replaces", "Processes, their open files and sockets; the written case is part of the still.", t)
	return nil
}

func (b *bench) captureBeside(ctx context.Context, t *table, how string) error {
	how += ", " + grouped(int64(processes())) + " processes"
	own := &measured{name: "`stilltrace snapshot --no-logs`, " + how,
		argv: []string{b.program, "snapshot", "--no-logs", "--force", "-o", filepath.Join(b.tmp, "state.db")}}
	// lsof ends with 1 where it could not see all, which is no failure here.
	peer := &measured{name: "`ps -eLf; ss -tanpe; lsof -nP`", argv: []string{"sh", "-c", "ps -eLf; ss -tanpe; lsof -nP"}, nothing: true}
	if err := b.interleave(ctx, b.runs, own, peer); err != nil {
		return err
	}
	for _, m := range []*measured{own, peer} {
		t.rows = append(t.rows, timeRow(m))
	}
	b.ratio(figure{what: "a still without logs, " + how, against: "ps -eLf, ss -tanpe, lsof -nP", measure: "CPU"}, float64(own.cpu()), float64(peer.cpu()))
	b.ratio(figure{what: "a still without logs, " + how, against: "ps -eLf, ss -tanpe, lsof -nP", measure: "wall"}, float64(own.wall()), float64(peer.wall()))
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

// sleepers starts processes that do nothing. They end when end is called, with
// ctx, or by themselves.
func sleepers(ctx context.Context, n int) (end func(), err error) {
	ctx, stop := context.WithCancel(ctx)
	var all []*exec.Cmd
	end = func() {
		stop()
		for _, c := range all {
			_ = c.Wait()
		}
	}
	for range n {
		c := exec.CommandContext(ctx, "sleep", "3600")
		if err := c.Start(); err != nil {
			return end, err
		}
		all = append(all, c)
	}
	return end, nil
}
