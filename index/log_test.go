package index

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Sources of a case may say anything of each other.
func TestLogsAreProved(t *testing.T) {
	first := func() Source {
		return Source{ID: 1, Bytes: 100, Snapshot: 1, Resume: &Resume{Offset: 90, Line: 5}}
	}
	second := func() Source {
		return Source{ID: 2, Bytes: 50, Snapshot: 2, Continues: 1, Offset: 90, Resume: &Resume{Offset: 140, Line: 8}}
	}
	cases := []struct {
		name string
		do   func(r *Reader)
		says string
	}{
		{"good", func(*Reader) {}, ""},
		{"of an unknown one", func(r *Reader) { r.sources[1].Continues = 7 }, "continues source 7"},
		{"itself", func(r *Reader) { r.sources[1].Continues = 2 }, "continues source 2"},
		{"at another place", func(r *Reader) { r.sources[1].Offset = 80 }, "at another place"},
		{"one that nothing continues", func(r *Reader) { r.sources[0].Resume = nil }, "at another place"},
		{"before its start", func(r *Reader) { r.sources[0].Resume.Offset, r.sources[1].Offset = -5, -5 }, "at another place"},
		{"behind its end", func(r *Reader) { r.sources[0].Resume.Offset, r.sources[1].Offset = 101, 101 }, "at another place"},
		{"in the same snapshot", func(r *Reader) { r.sources[1].Snapshot = 1 }, "at another place"},
		{"twice", func(r *Reader) {
			third := second()
			third.ID = 3
			r.sources = append(r.sources, third)
			r.bySource = append(r.bySource, run{})
		}, "continues source 1, which it cannot"},
		{"within a block", func(r *Reader) { r.blocks[0].Bytes, r.blocks[1].Offset, r.blocks[1].Bytes = 95, 95, 5 }, "within a block"},
		{"from the middle of nothing", func(r *Reader) { r.sources[0].Offset = 10 }, "begins within a log that is not there"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := &Reader{snapshots: 2, sources: []Source{first(), second()}, bySource: []run{{}, {0, 2}, {2, 3}}, blocks: []blockInfo{
				{Source: 1, blockRow: blockRow{Bytes: 90, Events: 4}}, {Source: 1, Offset: 90, blockRow: blockRow{Bytes: 10, Events: 1}}, {Source: 2, Offset: 90, blockRow: blockRow{Bytes: 50, Events: 3}}}}
			r.sources[0].Events, r.sources[0].Lines, r.sources[1].Events, r.sources[1].Lines = 5, 5, 3, 3
			c.do(r)
			err := r.proveLogs()
			if c.says != "" {
				require.ErrorIs(t, err, ErrDamaged)
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			for snapshot, want := range map[int][]bool{1: {true, true, false}, 2: {true, false, true}, 0: {true, false, true}} {
				for n := range want {
					require.Equal(t, want[n], r.counts(n, snapshot), "block %d in snapshot %d", n, snapshot)
				}
			}
			l := r.Logs(0)
			require.Len(t, l, 1)
			require.Equal(t, []int64{140, 7, 7}, []int64{l[0].Bytes, l[0].Lines, l[0].Events})
			require.Equal(t, []uint32{1, 2}, l[0].Parts)
			require.Equal(t, l[0], r.LogOf(2))
			require.Equal(t, r.Logs(1)[0], r.LogOf(1))
		})
	}
}
