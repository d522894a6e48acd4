package query

import (
	"stilltrace/index"
	"stilltrace/tracers/event"
)

// The lines of jsonl that hold a record as the case has it. Processes and
// sockets are printed as their tracers see them.
type (
	snapshotLine struct {
		Kind     string         `json:"kind"` // always snapshot
		ID       int            `json:"id"`
		Tool     string         `json:"tool"`
		Live     bool           `json:"live"`
		Start    index.Clocks   `json:"start"`
		End      index.Clocks   `json:"end"`
		Capturer index.Capturer `json:"capturer"`
		Options  index.Options  `json:"options"`
		Counts   index.Counts   `json:"counts"`

		Coverage *index.Coverage `json:"coverage,omitzero"`
	}
	hostLine struct {
		Kind     string `json:"kind"` // always host
		Snapshot int    `json:"snapshot"`
		index.Host
	}
	sourceLine struct {
		Kind string `json:"kind"` // always source
		index.Log
	}
	gapLine struct {
		Kind     string `json:"kind"` // always gap
		Snapshot int    `json:"snapshot"`
		index.Gap
	}
	eventLine struct {
		Kind string `json:"kind"` // always event
		*event.Row
	}
)

func newSnapshotLine(s *index.Snapshot) snapshotLine {
	return snapshotLine{"snapshot", s.ID, s.Tool, s.Live, s.Start, s.End, s.Capturer, s.Options, s.Counts, s.Coverage}
}
