package index

// Query is one question to a case: which snapshot, which terms must hold, and
// between which times. Since is the first moment wanted, Until the first one
// not wanted; zero leaves that end open. Times limit events, and leave out those
// that have no time of their own (ClockCapture); what a snapshot saw at its own
// moment is not limited by them.
type Query struct {
	Snapshot int // counted from 1
	Terms    []Term
	Since    Time
	Until    Time
	// Brute reads every block instead of asking the terms first: the plain way that the fast one is tested against.
	Brute bool
}

// window reports whether the event lies within the times of the query.
func (q *Query) window(e *Event) bool {
	if q.Since == 0 && q.Until == 0 {
		return true
	}
	return e.Clock != ClockCapture && (q.Since == 0 || e.Time >= q.Since) && (q.Until == 0 || e.Time < q.Until)
}
