package proc

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// mountedSpaces finds the network namespaces that are kept by a mount (ip-netns(8))
// and in which no process lives: a router's, or one whose sockets processes of
// another namespace hold.
func (t *Table) mountedSpaces(tree *tree, known func(netns uint64) bool) map[uint64]string {
	found := map[uint64]string{}
	if !t.Live {
		return found
	}
	data, err := tree.read("self/mountinfo", maxMountinfo)
	if err != nil {
		return found // noted with the mounts
	}
	for line := range bytes.Lines(data) {
		m, ok, err := parseMount(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil || !ok || m.Type != "nsfs" {
			continue
		}
		if netns, ok := bracketed(m.Root, "net"); ok && !known(netns) && found[netns] == "" {
			found[netns] = m.Point
		}
	}
	return found
}

// threadNet are the tables of the namespace that a thread is in.
const threadNet = "thread-self/net"

// mounted reads one such namespace after the other. Only a thread that is in a
// namespace sees its tables, and it cannot come back where its rights end: it
// ends with its goroutine.
func (r *tableReader) mounted(ctx context.Context, spaces map[uint64]string) error {
	for _, netns := range slices.Sorted(maps.Keys(spaces)) {
		point := spaces[netns]
		err := inSpace(point, netns, func() error { return r.space(ctx, threadNet, point, netns, 0) })
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			r.gap(absentGap(areaSocket, point, fmt.Errorf("a network namespace without processes: %w", err)))
			continue
		}
		r.spaces[len(r.spaces)-1].Mount = point
	}
	return nil
}

// inSpace does something in the network namespace that is mounted at point.
func inSpace(point string, netns uint64, do func() error) error {
	var visit func(done chan<- error)
	visit = func(done chan<- error) {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() { // as in diagSocket
			other := make(chan error, 1)
			go visit(other)
			done <- <-other
			runtime.UnlockOSThread()
			return
		}
		done <- func() error {
			ns, err := again(func() (int, error) {
				return unix.Open(point, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
			})
			if err != nil {
				return err
			}
			defer unix.Close(ns)
			var st unix.Stat_t
			if err := unix.Fstat(ns, &st); err != nil {
				return err
			}
			if st.Ino != netns {
				return errChanged
			}
			if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
				return err
			}
			return do()
		}()
	}
	done := make(chan error, 1)
	go visit(done)
	return <-done
}
