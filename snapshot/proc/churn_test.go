package proc

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The churn of every test run, and what makes it another: how many programs are
// started a second, for how long. The promise is a minute of a thousand:
//
//	STILLTRACE_CHURN=1000/60s go test -run '^TestChurn$' -v ./snapshot/proc
const (
	churnAsked   = "STILLTRACE_CHURN"
	churnRate    = 200
	churnLasting = 4 * time.Second
	// churners start the programs: one alone waits too long for each.
	churners = 4
	// Most programs end at once, every fourth lives for a moment, every sixteenth lives longer than a still usually takes.
	churnMoment, churnLong = 50 * time.Millisecond, 5 * time.Second
	// churnStaying are the first ones of each starter, which live as long as it does, however long a still takes.
	churnStaying = 2
)

// churnVariable names the file in which churn writes what it started, and how
// many a second that is to be. Each program has its own name in churnName.
const churnVariable, churnName = "STILLTRACE_PROC_TEST_CHURN", "CHURN_NAME"

// churn starts programs until this process ends, and writes down name, pid and
// boot time in nanoseconds before and after it was started of each. The name is
// its first argument, and in its environment.
func churn() {
	rate, path, _ := strings.Cut(os.Getenv(churnVariable), " ")
	perSecond := demand(strconv.Atoi(rate))
	log := bufio.NewWriter(demand(os.Create(path)))
	// With the first process that it starts, Go's library starts another one, to see what the kernel can. Nobody writes that one down.
	demand(demand(os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})).Wait())
	go func() {
		runtime.LockOSThread() // which lives as long as this process: those that stay end with it
		began := time.Now()
		for n := 1; ; n++ {
			time.Sleep(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(perSecond))))
			name := fmt.Sprintf("churn-%d-%d", os.Getpid(), n)
			program, argv := churnProgram(n, name)
			before := clock(unix.CLOCK_BOOTTIME)
			p, err := os.StartProcess(program, argv, &os.ProcAttr{Env: []string{churnName + "=" + name}, Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}})
			if err != nil {
				return
			}
			fmt.Fprintln(log, name, n, p.Pid, before, clock(unix.CLOCK_BOOTTIME))
			_ = log.Flush()
			go func() { _, _ = p.Wait() }()
		}
	}()
}

func churnProgram(n int, name string) (program string, argv []string) {
	if life := churnLife(n); life > 0 {
		return "/bin/sleep", []string{name, fmt.Sprint(life.Seconds())}
	}
	return "/bin/true", []string{name}
}

// churnLife is how long the n-th program of a starter lives.
func churnLife(n int) time.Duration {
	switch {
	case n <= churnStaying:
		return time.Hour
	case n%16 == 0:
		return churnLong
	case n%4 == 0:
		return churnMoment
	}
	return 0
}

// churned is what is kept of a still for the end of the churn.
type churned struct {
	still         *still
	before, after uint64 // forks since boot, by the kernel
}

// Among many that come and go, what is kept of one process is its own, who lives
// through a still is in it, and the count of forks is the kernel's.
func TestChurn(t *testing.T) {
	rate, lasting := churnRate, churnLasting
	if asked := os.Getenv(churnAsked); asked != "" {
		n, time1, _ := strings.Cut(asked, "/")
		var err1, err2 error
		rate, err1 = strconv.Atoi(n)
		lasting, err2 = time.ParseDuration(time1)
		require.NoError(t, err1, asked)
		require.NoError(t, err2, asked)
	}
	var paths []string
	var starters []*exec.Cmd
	for i := range churners {
		path := filepath.Join(t.TempDir(), strconv.Itoa(i))
		cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"role-churn"}, Env: append(os.Environ(), roleVariable+"=churn", fmt.Sprintf("%s=%d %s", churnVariable, rate/churners, path))}
		startRoleOf(t, cmd)
		paths, starters = append(paths, path), append(starters, cmd)
	}
	forks := countForks(t)
	began := clock(unix.CLOCK_BOOTTIME)
	var stills []churned
	o := live()
	o.Environ = true
	for len(stills) < 3 || clock(unix.CLOCK_BOOTTIME)-began < int64(lasting) {
		one := churned{before: forks.now(t)}
		one.still = take(t, o)
		one.after = forks.now(t)
		stills = append(stills, one)
	}
	ended := clock(unix.CLOCK_BOOTTIME)
	lasted := ended - began
	forks.end()
	births := &births{byName: map[string]*born{}, byPID: map[int][]*born{}}
	for i, path := range paths {
		births.add(awaitChurn(t, path, starters[i].Process.Pid, ended))
	}
	births.check(t, stills)
	counted, truth := forks.compare(stills)
	t.Logf("%.0f programs were started a second for %.1f s; %d stills", float64(len(births.byName))/(float64(lasted)/1e9+1), float64(lasted)/1e9, len(stills))
	t.Logf("%d records of such programs are whole and %d the stat alone; %d lived through a still; %d of %d pids were given twice", births.whole, births.glimpsed, births.lived, births.twice(), len(births.byPID))
	t.Logf("forks between the looks: the stills say %d, and the kernel's count beside them %.0f", counted, truth)
	if os.Getenv(churnAsked) != "" {
		require.InEpsilon(t, truth, float64(counted), 0.01)
	}
}

func bool1(b bool) int {
	if b {
		return 1
	}
	return 0
}
