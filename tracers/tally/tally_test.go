package tally

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestTallyCountsAndSorts(t *testing.T) {
	var tl Tally
	room := &Room{Values: 100, Bytes: 1 << 20}
	tl.Add("b", 1, 30, room)
	tl.Add("a", 1, 20, room)
	tl.Add("c", 5, 0, room)
	tl.Add("b", 1, 10, room)
	tl.Add("a", 1, 40, room)
	tl.Add("b", 1, 0, room)

	require.Equal(t, []Row{
		{Value: "c", Count: 5, Events: 1},
		{Value: "b", Count: 3, Events: 3, First: 10, Last: 30},
		{Value: "a", Count: 2, Events: 2, First: 20, Last: 40},
	}, tl.Top(0))
	require.Equal(t, []string{"c", "b"}, tl.Names(2))
	require.Equal(t, 3, tl.Distinct())
	require.Zero(t, tl.More())
}

func TestTallyTies(t *testing.T) {
	var tl Tally
	room := &Room{Values: 100, Bytes: 1 << 20}
	for _, v := range []string{"z", "", "a b", "a", "Z"} {
		tl.Add(v, 2, 1, room)
	}
	require.Equal(t, []string{"", "Z", "a", "a b", "z"}, tl.Names(0))
}

// The list alone and the list with its map must count alike.
func TestTallyManyValues(t *testing.T) {
	for _, n := range []int{indexFrom - 1, indexFrom, indexFrom + 1, 500} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var tl Tally
			room := &Room{Values: 1000, Bytes: 1 << 20}
			for range 3 {
				for i := range n {
					tl.Add(fmt.Sprintf("v%03d", i), 1, 1, room)
				}
			}
			require.Equal(t, n, tl.Distinct())
			for i, r := range tl.Top(0) {
				require.Equal(t, fmt.Sprintf("v%03d", i), r.Value)
				require.EqualValues(t, 3, r.Count)
			}
		})
	}
}

func TestTallyIsBounded(t *testing.T) {
	t.Run("values", func(t *testing.T) {
		var tl Tally
		room := &Room{Values: 2, Bytes: 1 << 20}
		for i := range 10 {
			tl.Add(fmt.Sprint(i%5), 2, 1, room)
		}
		require.Equal(t, 2, tl.Distinct())
		require.EqualValues(t, 12, tl.More())
		require.EqualValues(t, 4, tl.Top(1)[0].Count)
	})
	t.Run("bytes shared by two", func(t *testing.T) {
		var a, b Tally
		room := &Room{Values: 100, Bytes: 2*rowBytes + 2}
		a.Add("x", 1, 1, room)
		b.Add("yy", 1, 1, room)
		b.Add("y", 1, 1, room)
		b.Add("z", 1, 1, room)
		require.Equal(t, []string{"x"}, a.Names(0))
		require.Equal(t, []string{"y"}, b.Names(0))
		require.EqualValues(t, 2, b.More())
	})
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		count int
		want  int64
	}{{0, 1}, {1, 1}, {5, 5}, {-3, 1}, {math.MaxInt, 1 << 31}} {
		require.Equal(t, c.want, Times(&index.Event{Count: c.count}), "count %d", c.count)
	}
}

func TestWhen(t *testing.T) {
	require.Equal(t, index.Time(7), When(&index.Event{Time: 7, Clock: index.ClockInherited}))
	require.Zero(t, When(&index.Event{Time: 7, Clock: index.ClockCapture}), "the time of the capture says nothing of the event")
}
