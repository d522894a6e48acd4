package snapshot

import (
	"fmt"
	"io"
	"time"

	"stilltrace/index/printable"
)

// progressEvery is how often the line changes: calm enough to read, quick
// enough to see that nothing hangs.
const progressEvery = 200 * time.Millisecond

// progressWidth keeps the line on one row of the narrowest usual terminal.
const progressWidth = 78

// Progress is one line on a terminal that says what the capture is doing. A
// nil Progress is silent.
type Progress struct {
	w     io.Writer
	began time.Time
	last  time.Time
	shown bool
}

// NewProgress writes to w, which must be a terminal.
func NewProgress(w io.Writer) *Progress {
	return &Progress{w: w, began: time.Now()}
}

func (p *Progress) stage(what, which string) {
	if p == nil {
		return
	}
	p.last = time.Time{}
	p.say(fmt.Sprintf("%s %s", what, which))
}

func (p *Progress) count(what string, n int) {
	if p != nil && time.Since(p.last) >= progressEvery {
		p.say(fmt.Sprintf("%d %s", n, what))
	}
}

func (p *Progress) logs(path string, bytes int64) {
	if p != nil && time.Since(p.last) >= progressEvery {
		p.say(fmt.Sprintf("logs: %s kept, %s", printable.Size(bytes), path))
	}
}

func (p *Progress) say(text string) {
	if time.Since(p.last) < progressEvery {
		return
	}
	p.last = time.Now()
	line := []rune(printable.String(fmt.Sprintf("stilltrace: %s  %s", time.Since(p.began).Truncate(time.Second), text)))
	if len(line) > progressWidth {
		line = append(line[:progressWidth-1], '…')
	}
	// The line is written over itself and cleared to its end.
	fmt.Fprintf(p.w, "\r%s\x1b[K", string(line))
	p.shown = true
}

// end takes the line away, so that what follows starts on a clean one.
func (p *Progress) end() {
	if p != nil && p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
