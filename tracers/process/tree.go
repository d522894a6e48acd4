package process

import (
	"slices"

	"stilltrace/index"
)

// Tree answers q like Run, and adds the ancestors of each process as Context,
// all in the order of the tree: every process stands before its children,
// children by pid. A process whose parent was not captured stands at the root,
// and so does the lowest pid of parents that lead in a circle, which no kernel
// tells but a forged or torn /proc may.
func Tree(r *index.Reader, q index.Query) (*Answer, error) {
	holds, err := index.Match("process", fields, q.Terms)
	if err != nil {
		return nil, err
	}
	h, err := read(r, q.Snapshot)
	if err != nil {
		return nil, err
	}
	h.judgeAsked(q.Terms)
	asked, kept := make([]bool, len(h.rows)), make([]bool, len(h.rows))
	for i := range h.rows {
		asked[i] = holds(h.rows[i])
		// What is kept has its ancestors kept, which also ends the climb in a circle.
		for up, ok := i, asked[i]; ok && !kept[up]; up, ok = h.parent(up) {
			kept[up] = true
		}
	}
	a := h.answer()
	if len(q.Terms) == 0 {
		a.Processes = make([]Row, 0, len(h.rows))
	}
	for _, s := range h.walk() {
		if !kept[s.at] {
			continue
		}
		h.judge(h.rows[s.at])
		row := *h.rows[s.at]
		row.Depth, row.Context = s.depth, !asked[s.at]
		a.Processes = append(a.Processes, row)
	}
	chosen := a.Processes
	if len(q.Terms) > 0 {
		chosen = slices.DeleteFunc(slices.Clone(chosen), func(r Row) bool { return r.Context })
	}
	a.conclude(h, chosen, q)
	return a, nil
}

// step is one process on the walk through the tree.
type step struct {
	at    int // in host.rows
	depth int
}

// walk visits every process once, in the order of Tree. It keeps its own stack:
// a forged case can make the tree as deep as it has processes.
func (h *host) walk() []step {
	children := make([][]int, len(h.rows))
	var roots []int
	for i := range h.rows {
		if up, ok := h.parent(i); ok {
			children[up] = append(children[up], i)
		} else {
			roots = append(roots, i)
		}
	}
	order := make([]step, 0, len(h.rows))
	visited := make([]bool, len(h.rows))
	descend := func(root int) {
		stack := []step{{root, 0}}
		for len(stack) > 0 {
			s := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if visited[s.at] {
				continue
			}
			visited[s.at] = true
			order = append(order, s)
			for _, child := range slices.Backward(children[s.at]) {
				stack = append(stack, step{child, s.depth + 1})
			}
		}
	}
	for _, root := range roots {
		descend(root)
	}
	for i := range h.rows {
		if !visited[i] {
			descend(h.circle(i))
		}
	}
	return order
}

// circle returns the lowest place in the circle that the parents of rows[i]
// lead into.
func (h *host) circle(i int) int {
	seen := map[int]bool{}
	for !seen[i] {
		seen[i] = true
		i, _ = h.parent(i)
	}
	lowest := i
	for up, _ := h.parent(i); up != i; up, _ = h.parent(up) {
		lowest = min(lowest, up)
	}
	return lowest
}
