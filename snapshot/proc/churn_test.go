package proc

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// churnVariable names the file in which churn writes what it started.
const churnVariable = "STILLTRACE_PROC_TEST_CHURN"

// churn starts programs as fast as it can until this process ends, each with
// its number for a name, and writes down number, pid and boot time in
// nanoseconds before and after it was started.
func churn() {
	log := bufio.NewWriterSize(demand(os.Create(os.Getenv(churnVariable))), 1<<20)
	var mutex sync.Mutex
	var number atomic.Int64
	// Whoever waits for standard input ends the process; until then nothing is lost, as each line is written at once.
	for range 3 {
		go func() {
			for {
				n := number.Add(1)
				cmd := exec.Cmd{Path: "/bin/true", Args: []string{fmt.Sprintf("churn-%d", n)}}
				before := clock(unix.CLOCK_BOOTTIME)
				if cmd.Start() != nil {
					return
				}
				mutex.Lock()
				fmt.Fprintln(log, n, cmd.Process.Pid, before, clock(unix.CLOCK_BOOTTIME))
				_ = log.Flush()
				mutex.Unlock()
				_ = cmd.Wait()
			}
		}()
	}
}

type born struct {
	pid           int
	before, after int64
}

func readChurn(t *testing.T, path string) map[int]born {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	all := map[int]born{}
	for line := range strings.Lines(string(data)) {
		var n int
		var b born
		if k, err := fmt.Sscan(line, &n, &b.pid, &b.before, &b.after); err == nil && k == 4 {
			all[n] = b
		}
	}
	return all
}

// Among many that come and go, what is kept of one process is its own, and the
// count of forks is the kernel's.
func TestChurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "born")
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"role-churn"}, Env: append(os.Environ(), roleVariable+"=churn", churnVariable+"="+path)}
	startRoleOf(t, cmd)
	time.Sleep(200 * time.Millisecond)
	reader, err := newReader(live(), func(index.Gap) {})
	require.NoError(t, err)
	defer reader.top.close()

	found, ended, began := 0, 0, 0
	for range 12 {
		before, err := reader.counts()
		require.NoError(t, err)
		s := take(t, live())
		after, err := reader.counts()
		require.NoError(t, err)
		time.Sleep(20 * time.Millisecond) // what was started is written down by now
		all := readChurn(t, path)

		for _, p := range s.processes {
			ended += bool1(p.Look == index.LookFirst)
			began += bool1(p.Look == index.LookSecond)
			if len(p.Cmdline) == 0 || !strings.HasPrefix(p.Cmdline[0], "churn-") {
				continue
			}
			n, err := strconv.Atoi(strings.TrimPrefix(p.Cmdline[0], "churn-"))
			require.NoError(t, err)
			b, known := all[n]
			if !known {
				continue // it was just being started when the log was read
			}
			found++
			require.Equal(t, b.pid, p.PID, "arguments of one process with the pid of another")
			started := int64(p.StartTime) * 1e9 / userHZ
			const tick = 1e9 / userHZ
			require.GreaterOrEqual(t, started, b.before-tick, "start time of another process")
			require.LessOrEqual(t, started, b.after+tick)
			require.Equal(t, cmd.Process.Pid, p.PPID)
		}
		c := s.coverage
		meanwhile := uint64(0)
		for _, b := range all {
			if b.before > c.FirstLook.Boottime && b.after < c.SecondLook.Boottime {
				meanwhile++
			}
		}
		require.LessOrEqual(t, c.Forks, after-before)
		require.GreaterOrEqual(t, c.Forks, meanwhile)
		require.Equal(t, len(s.order), c.Seen)
	}
	require.Positive(t, found)
	t.Logf("%d of them were read whole, %d ended before, %d began after the first look", found, ended, began)
}

func bool1(b bool) int {
	if b {
		return 1
	}
	return 0
}
