package render

// What a column needs to say something: half an address is none, while a name
// or a remark beside it may be shorter.
const (
	readable      = 20
	readableAside = 10
	aside         = 3 // the Shrink from which a column is beside the others
)

func (c *Column) readable() int {
	if c.Shrink >= aside {
		return readableAside
	}
	return readable
}

// room chooses the columns of a table: those that it must have, and of those
// that a wide terminal has room for as many as leave all others readable. The
// ones that ask for the widest terminal go first. It returns their places.
func (t *Table) room(page [][]string, width int) []int {
	widths := make([]int, len(t.Columns))
	if !t.Plain {
		for i, c := range t.Columns {
			widths[i] = len(c.Name)
		}
	}
	for _, cells := range page {
		measure(cells, widths)
	}
	needed := -gap
	keep := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		keep[i] = i
		if c.Shrink > 0 {
			widths[i] = min(widths[i], max(c.readable(), len(c.Name)))
		}
		needed += widths[i] + gap
	}
	for needed > width {
		least := -1 // in keep
		for n, i := range keep {
			if t.Columns[i].From > 0 && (least < 0 || t.Columns[i].From >= t.Columns[keep[least]].From) {
				least = n
			}
		}
		if least < 0 {
			break
		}
		needed -= widths[keep[least]] + gap
		keep = append(keep[:least], keep[least+1:]...)
	}
	return keep
}

// only leaves of cells those at the given places.
func only[T any](cells []T, places []int) []T {
	if len(places) == len(cells) {
		return cells
	}
	out := make([]T, len(places))
	for n, i := range places {
		out[n] = cells[i]
	}
	return out
}
