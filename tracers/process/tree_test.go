package process_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/process"
)

// drawn writes each row as its depth and pid, those of the context in
// brackets.
func drawn(rows []process.Row) []string {
	out := []string{}
	for i := range rows {
		s := fmt.Sprintf("%d %d", rows[i].Depth, rows[i].PID)
		if rows[i].Context {
			s = "[" + s + "]"
		}
		out = append(out, s)
	}
	return out
}

// family makes processes from pairs of pid and ppid.
func family(pairs ...[2]int) *records {
	c := &records{}
	for _, p := range pairs {
		c.processes = append(c.processes, proc(p[0], p[1], fmt.Sprint("p", p[0]), "/bin/true", "true"))
	}
	return c
}

func TestTree(t *testing.T) {
	for _, c := range []struct {
		name  string
		of    *records
		terms []index.Term
		want  []string
	}{
		{"whole", web(), nil, []string{"0 1", "1 700", "2 900", "3 910", "4 920", "5 930", "1 800", "2 801", "2 802", "1 950", "1 960", "0 2", "1 15"}},
		{"ancestors as context", web(), []index.Term{is("user", "alice")}, []string{"[0 1]", "[1 700]", "[2 900]", "3 910"}},
		{"shared ancestors once", web(), []index.Term{is("comm", "nginx"), is("user", "www-data")}, []string{"[0 1]", "[1 800]", "2 801", "2 802"}},
		{"an ancestor asked for is no context", web(), []index.Term{is("name", "nginx")}, []string{"[0 1]", "1 800", "2 801", "2 802"}},
		{"child with a lower pid", family([2]int{1, 0}, [2]int{5, 9}, [2]int{9, 1}), nil, []string{"0 1", "1 9", "2 5"}},
		{"missing parents", family([2]int{1, 0}, [2]int{7, 6}, [2]int{8, 7}, [2]int{9, 6}), nil, []string{"0 1", "0 7", "1 8", "0 9"}},
		{"its own parent", family([2]int{3, 3}, [2]int{4, 3}), nil, []string{"0 3", "1 4"}},
		{"a circle", family([2]int{5, 7}, [2]int{6, 5}, [2]int{7, 6}), nil, []string{"0 5", "1 6", "2 7"}},
		{"a circle and what hangs from it", family([2]int{2, 6}, [2]int{5, 7}, [2]int{6, 5}, [2]int{7, 6}), nil, []string{"0 5", "1 6", "2 2", "2 7"}},
		{"two circles", family([2]int{1, 2}, [2]int{2, 1}, [2]int{3, 4}, [2]int{4, 3}), nil, []string{"0 1", "1 2", "0 3", "1 4"}},
		{"context in a circle", family([2]int{5, 7}, [2]int{6, 5}, [2]int{7, 6}), []index.Term{is("pid", "6")}, []string{"[0 5]", "1 6", "[2 7]"}},
		{"pid 0 as a process", family([2]int{0, 0}, [2]int{1, 0}), nil, []string{"0 0", "0 1"}},
		{"negative pids", family([2]int{-1, -2}, [2]int{-2, -1}), nil, []string{"0 -2", "0 -1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := process.Tree(c.of.open(t), index.Query{Terms: c.terms})
			require.NoError(t, err)
			require.Equal(t, c.want, drawn(a.Processes))
		})
	}
}

// TestTreeCounts: the context is there to be seen, not to be counted.
func TestTreeCounts(t *testing.T) {
	q := index.Query{Terms: []index.Term{is("user", "www-data")}}
	r := web().open(t)
	tree, err := process.Tree(r, q)
	require.NoError(t, err)
	list, err := process.Run(r, q)
	require.NoError(t, err)
	require.Equal(t, list.Summary, tree.Summary)
	require.Equal(t, list.Findings, tree.Findings)
	require.NotEmpty(t, tree.Findings)
}

func TestReusedPID(t *testing.T) {
	c := family([2]int{1, 0}, [2]int{50, 1}, [2]int{50, 1}, [2]int{51, 50})
	c.processes[1].StartTime, c.processes[1].Comm = 900, "late"
	c.processes[2].StartTime, c.processes[2].Comm = 100, "early"
	r := c.open(t)
	a, err := process.Tree(r, index.Query{})
	require.NoError(t, err)
	require.Equal(t, []string{"0 1", "1 50", "1 50", "2 51"}, drawn(a.Processes))
	require.Equal(t, "early", a.Processes[1].Comm)
	require.Equal(t, "late", a.Processes[2].Comm)
	require.Equal(t, []int{51}, a.Processes[2].Children)
	w, err := process.One(r, 0, 50)
	require.NoError(t, err)
	require.Equal(t, "late", w.Process.Comm)
}

func relatives(list []process.Relative) []int {
	out := []int{}
	for _, p := range list {
		out = append(out, p.PID)
	}
	return out
}

func TestOne(t *testing.T) {
	c := web()
	c.processes[7].Files = []index.OpenFile{{FD: 4, Type: "socket", Target: "socket:[901]", Inode: 901}}
	c.processes[7].Limits = []index.Limit{{Name: "nofile", Soft: 1024, Hard: -1}}
	r := c.open(t)
	w, err := process.One(r, 1, 900)
	require.NoError(t, err)
	require.Equal(t, process.SchemaOne, w.Schema)
	require.Equal(t, []int{700, 1}, relatives(w.Ancestry))
	require.Equal(t, process.AncestryRoot, w.AncestryEnd)
	require.Equal(t, []int{910}, relatives(w.Children))
	require.Equal(t, process.Relative{PID: 700, PPID: 1, Comm: "sshd", User: "root", Cmdline: []string{"sshd: /usr/sbin/sshd -D"}, Service: "ssh.service"}, w.Ancestry[0])
	require.Len(t, w.Sockets, 2)
	require.Equal(t, []uint64{901, 77}, []uint64{w.Sockets[0].Inode, w.Sockets[1].Inode})
	require.Len(t, w.Sockets[0].Owner, 3)
	require.Equal(t, c.processes[7].Files, w.Process.Files)
	require.Equal(t, c.processes[7].Limits, w.Process.Limits)
	require.Empty(t, w.Findings)
	require.Empty(t, w.Gaps)

	w, err = process.One(r, 1, 950)
	require.NoError(t, err)
	require.Len(t, w.Findings, 1)
	require.NotEmpty(t, w.Recommendations)

	w, err = process.One(r, 1, 4000)
	require.NoError(t, err)
	require.Nil(t, w)
}

func TestAncestryEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		of   *records
		pid  int
		want []int
		end  process.AncestryEnd
	}{
		{"init", family([2]int{1, 0}), 1, []int{}, process.AncestryRoot},
		{"missing parent", family([2]int{8, 7}, [2]int{9, 8}), 9, []int{8}, process.AncestryMissing},
		{"missing at once", family([2]int{8, 7}), 8, []int{}, process.AncestryMissing},
		{"its own parent", family([2]int{3, 3}, [2]int{4, 3}), 4, []int{3}, process.AncestryCircle},
		{"itself its own parent", family([2]int{3, 3}), 3, []int{}, process.AncestryCircle},
		{"in a circle", family([2]int{5, 7}, [2]int{6, 5}, [2]int{7, 6}), 6, []int{5, 7}, process.AncestryCircle},
		{"below a circle", family([2]int{2, 6}, [2]int{5, 6}, [2]int{6, 5}), 2, []int{6, 5}, process.AncestryCircle},
		{"negative parent", family([2]int{3, -4}), 3, []int{}, process.AncestryRoot},
		{"pid 0", family([2]int{0, 0}), 0, []int{}, process.AncestryRoot},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := process.One(c.of.open(t), 0, c.pid)
			require.NoError(t, err)
			require.Equal(t, c.want, relatives(w.Ancestry))
			require.Equal(t, c.end, w.AncestryEnd)
		})
	}
}

// TestDeepTree: a forged case may hang each process from the one before.
func TestDeepTree(t *testing.T) {
	c := &records{}
	for i := range 20_000 {
		c.processes = append(c.processes, index.Process{PID: i + 1, PPID: i})
	}
	r := c.open(t)
	a, err := process.Tree(r, index.Query{})
	require.NoError(t, err)
	require.Equal(t, 19_999, a.Processes[19_999].Depth)
	w, err := process.One(r, 0, 20_000)
	require.NoError(t, err)
	require.Len(t, w.Ancestry, 19_999)
}
