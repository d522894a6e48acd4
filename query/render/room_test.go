package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// connections has columns of each rank, and values as long as they come.
func connections(rows int) *Answer {
	t := Table{One: "connection", Many: "connections", Columns: []Column{
		{Name: "state", Shrink: 2}, {Name: "local", Shrink: 1}, {Name: "remote", Shrink: 1}, {Name: "pid", Kind: Number}, {Name: "process", Shrink: 3},
		{Name: "user", Shrink: 3, From: 100}, {Name: "rdns", Shrink: 4, From: 120}, {Name: "peer", Shrink: 4, From: 130}, {Name: "provider", Shrink: 4, From: 130}, {Name: "direction", From: 110}, {Name: "recvq", Kind: Count, From: 100},
	}}
	var list []Row
	for i := range rows {
		rdns := ""
		if i%2 == 0 {
			rdns = "ec2-3-5-140-7.ap-northeast-2.compute.amazonaws.com"
		}
		list = append(list, Row{Cells: []Cell{
			TextCell("ESTABLISHED"), TextCell("[2001:db8:1:2:3:4:5:6]:45022"), TextCell("[2600:1f18:4a3e:1234:5678:9abc:def0:1]:443"), NumberCell(i), TextCell("systemd-timesyn"),
			TextCell("www-data"), TextCell(rdns), TextCell("postgres"), TextCell("cloudflare"), TextCell("outbound"), NumberCell(1400),
		}})
	}
	t.Rows, t.Total = Rows(list), func() int64 { return int64(rows) }
	return &Answer{Main: t}
}

func TestRoom(t *testing.T) {
	for _, c := range []struct {
		width int
		want  string
	}{
		{64, `
STATE   LOCAL                 REMOTE                PID  PROCESS
EST…ED  [2001:db8:…:6]:45022  [2600:1f18…f0:1]:443    0  sys…syn
`},
		{70, `
STATE        LOCAL                 REMOTE                PID  PROCESS
ESTABLISHED  [2001:db8:…:6]:45022  [2600:1f18…f0:1]:443    0  syst…syn
`},
		{100, `
STATE        LOCAL                      REMOTE                      PID  PROCESS     USER      RECVQ
ESTABLISHED  [2001:db8:1:…4:5:6]:45022  [2600:1f18:4a…:def0:1]:443    0  syste…esyn  www-data  1,400
`},
		{130, `
STATE        LOCAL                     REMOTE                    PID  PROCESS     USER      RDNS        PEER      DIRECTION  RECVQ
ESTABLISHED  [2001:db8:1:…:5:6]:45022  [2600:1f18:4…def0:1]:443    0  syste…esyn  www-data  ec2-3….com  postgres  outbound   1,400
`},
		{140, `
STATE        LOCAL                    REMOTE                   PID  PROCESS     USER      RDNS        PEER      PROVIDER    DIRECTION  RECVQ
ESTABLISHED  [2001:db8:1…:5:6]:45022  [2600:1f18:…def0:1]:443    0  syste…esyn  www-data  ec2-3….com  postgres  cloudflare  outbound   1,400
`},
		{160, `
STATE        LOCAL                         REMOTE                                  PID  PROCESS     USER      RDNS        PEER      PROVIDER    DIRECTION  RECVQ
ESTABLISHED  [2001:db8:1:2:3:4:5:6]:45022  [2600:1f18:4a3e:123…8:9abc:def0:1]:443    0  syste…esyn  www-data  ec2-3….com  postgres  cloudflare  outbound   1,400
`},
		{220, `
STATE        LOCAL                         REMOTE                                      PID  PROCESS          USER      RDNS                                                PEER      PROVIDER    DIRECTION  RECVQ
ESTABLISHED  [2001:db8:1:2:3:4:5:6]:45022  [2600:1f18:4a3e:1234:5678:9abc:def0:1]:443    0  systemd-timesyn  www-data  ec2-3-5-140-7.ap-northeast-2.compute.amazonaws.com  postgres  cloudflare  outbound   1,400
`},
	} {
		t.Run(fmt.Sprint(c.width), func(t *testing.T) {
			got := write(t, "table", connections(1), Style{Width: c.width})
			require.Equal(t, c.want, "\n"+strings.TrimSuffix(got, "\n1 connection\n"))
		})
	}
}

// What the first page has no room for, the next ones do not have either, and
// every row has its cells in the same columns.
func TestRoomOfManyPages(t *testing.T) {
	got := write(t, "table", connections(2*pageRows+1), Style{Width: 110})
	lines := strings.Split(got, "\n")
	require.Equal(t, "STATE LOCAL REMOTE PID PROCESS USER DIRECTION RECVQ", strings.Join(strings.Fields(lines[0]), " "))
	for i, line := range lines[1 : 2*pageRows+2] {
		f := strings.Fields(line)
		require.Len(t, f, 8)
		require.Equal(t, fmt.Sprint(i), f[3])
	}
	require.Contains(t, got, "2,001 connections")
}
