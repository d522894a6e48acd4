package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// born is a program that a churner started.
type born struct {
	name          string
	n, pid, ppid  int
	before, after int64
}

// is reports whether it began when start says, in ticks.
func (b *born) is(start uint64) bool {
	const tick = 1e9 / userHZ
	at := int64(start) * tick
	return b.before-tick <= at && at <= b.after+tick
}

// awaitChurn reads what a churner has written down once all is there that it
// started before a moment: it starts one after another.
func awaitChurn(t *testing.T, path string, churner int, ended int64) []born {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		all := readChurn(t, path, churner)
		if n := len(all); n > 0 && all[n-1].before > ended {
			return all
		}
		require.True(t, time.Now().Before(limit), "%d starts no more", churner)
	}
}

func readChurn(t *testing.T, path string, churner int) (all []born) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range strings.Lines(string(data)) {
		b := born{ppid: churner}
		if k, err := fmt.Sscan(line, &b.name, &b.n, &b.pid, &b.before, &b.after); err == nil && k == 5 {
			all = append(all, b)
		}
	}
	return all
}

// births are all programs that were started.
type births struct {
	byName                 map[string]*born
	byPID                  map[int][]*born
	whole, glimpsed, lived int
}

func (all *births) add(some []born) {
	for i := range some {
		b := &some[i]
		all.byName[b.name] = b
		all.byPID[b.pid] = append(all.byPID[b.pid], b)
	}
}

func (all *births) twice() (n int) {
	for _, some := range all.byPID {
		n += bool1(len(some) > 1)
	}
	return n
}

func (all *births) check(t *testing.T, stills []churned) {
	t.Helper()
	parents := map[int]bool{}
	for _, b := range all.byName {
		parents[b.ppid] = true
	}
	for _, s := range stills {
		c := s.still.coverage
		seen := map[string]bool{}
		told := map[int]bool{} // that a process became another program and ended before it could be read again
		for _, g := range s.still.gaps {
			if g.Reason == index.ReasonChanged {
				told[g.PID] = true
			}
		}
		for _, p := range s.still.processes {
			if name := all.checkOne(t, p, parents, told[p.PID]); name != "" {
				seen[name] = true
			}
		}
		meanwhile := uint64(0)
		for _, b := range all.byName {
			meanwhile += uint64(bool1(b.before > c.FirstLook.Boottime && b.after < c.SecondLook.Boottime))
			if life := churnLife(b.n); life >= churnLong && b.after < c.FirstLook.Boottime && b.before+int64(life) > c.SecondLook.Boottime {
				all.lived++
				require.True(t, seen[b.name], "%v lived through a still that has it not", b)
			}
		}
		require.GreaterOrEqual(t, c.Forks, meanwhile)
		require.LessOrEqual(t, c.Forks, s.after-s.before)
		require.Equal(t, len(s.still.order), c.Seen)
	}
	require.Positive(t, all.whole)
	require.Positive(t, all.lived)
}

// checkOne holds a process against the program that it must be, and returns its
// name where it is known.
func (all *births) checkOne(t *testing.T, p *index.Process, parents map[int]bool, told bool) string {
	t.Helper()
	if len(p.Cmdline) == 0 || !strings.HasPrefix(p.Cmdline[0], "churn-") {
		if !parents[p.PPID] {
			return ""
		}
		// It ended early, or was still its parent's image.
		all.glimpsed++
		require.True(t, slices.ContainsFunc(all.byPID[p.PID], func(b *born) bool { return b.is(p.StartTime) }), "%d began at %d, when none was started with this pid", p.PID, p.StartTime)
		return ""
	}
	name := p.Cmdline[0]
	var churner, n int
	if _, err := fmt.Sscanf(name, "churn-%d-%d", &churner, &n); err == nil && !parents[churner] {
		return "" // the last ones of a churn before outlive it for a while
	}
	all.whole++
	b := all.byName[name]
	require.NotNil(t, b, name)
	require.Equal(t, b.pid, p.PID, "arguments of one process with the pid of another")
	require.True(t, b.is(p.StartTime), "start time of another process: %v, %d", b, p.StartTime)
	require.Equal(t, b.ppid, p.PPID)
	program, argv := churnProgram(b.n, name)
	require.Equal(t, argv, p.Cmdline)
	require.Equal(t, filepath.Base(program), p.Comm)
	if p.Exe != "" && !told {
		require.Equal(t, filepath.Base(program), filepath.Base(p.Exe))
	}
	for _, v := range p.Environ {
		require.Equal(t, churnName, v.Name)
		require.Equal(t, name, *v.Value, "environment of another process")
	}
	return name
}

// forkCount reads the kernel's count of forks again and again, so that it is
// known for every moment.
type forkCount struct {
	reader *reader
	mutex  sync.Mutex
	at     []int64 // boot time in nanoseconds
	forks  []uint64
	stop   chan bool
	group  sync.WaitGroup
}

func countForks(t *testing.T) *forkCount {
	t.Helper()
	r, err := newReader(live(), func(index.Gap) {})
	require.NoError(t, err)
	c := &forkCount{reader: r, stop: make(chan bool)}
	c.group.Go(func() {
		for {
			select {
			case <-c.stop:
				return
			case <-time.After(5 * time.Millisecond):
				_, _ = c.read()
			}
		}
	})
	return c
}

func (c *forkCount) read() (uint64, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	n, err := c.reader.counts()
	if err == nil {
		c.at, c.forks = append(c.at, clock(unix.CLOCK_BOOTTIME)), append(c.forks, n)
	}
	return n, err
}

func (c *forkCount) now(t *testing.T) uint64 {
	t.Helper()
	n, err := c.read()
	require.NoError(t, err)
	return n
}

func (c *forkCount) end() {
	close(c.stop)
	c.group.Wait()
	c.reader.top.close()
}

// when is the count at a moment, between those that were read before and after.
func (c *forkCount) when(at int64) float64 {
	i, _ := slices.BinarySearch(c.at, at)
	i = min(max(i, 1), len(c.at)-1)
	part := float64(at-c.at[i-1]) / float64(max(c.at[i]-c.at[i-1], 1))
	return float64(c.forks[i-1]) + part*float64(c.forks[i]-c.forks[i-1])
}

// compare sums up the forks between the looks: as the stills have them, and as
// they were counted beside them.
func (c *forkCount) compare(stills []churned) (said uint64, truth float64) {
	for _, s := range stills {
		k := s.still.coverage
		said += k.Forks
		truth += c.when(k.SecondLook.Boottime) - c.when(k.FirstLook.Boottime)
	}
	return said, truth
}
