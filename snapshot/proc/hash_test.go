package proc

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// Hashing has a share of the time: what it did not come to has all else.
func TestHashingHasItsTime(t *testing.T) {
	o := live()
	o.Deadline = time.Now().Add(time.Hour)
	gaps := map[string]index.Gap{}
	table, err := FirstLook(o, func(g index.Gap) { gaps[g.Place] = g })
	require.NoError(t, err)
	defer table.Close()
	require.False(t, table.noTimeToHash(largeFile+1))
	table.opened = table.opened.Add(-20 * time.Minute)
	require.False(t, table.noTimeToHash(largeFile))
	require.True(t, table.noTimeToHash(largeFile+1))
	table.opened = table.opened.Add(-time.Hour)
	host := ReadHost(o, func(index.Gap) {})
	var own *index.Process
	_, coverage, err := table.Processes(t.Context(), &host, func(p *index.Process) error {
		if p.PID == os.Getpid() {
			own = p
		}
		return nil
	})
	require.NoError(t, err)
	require.Zero(t, coverage.Unread)
	require.NotNil(t, own)
	require.NotEmpty(t, own.Cmdline)
	require.NotNil(t, own.ExeFile)
	require.Empty(t, own.ExeSHA256)
	require.Equal(t, index.ReasonDeadline, gaps[fmt.Sprintf("/proc/%d/exe", os.Getpid())].Reason)
}
