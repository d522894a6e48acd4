package proc

import (
	"sync"

	"stilltrace/index"
)

// room is memory in which a process is read. When it was emitted it is used for
// another one: new pages have their price, and what was used last is still in the
// caches of the processor.
type room struct {
	process index.Process
	status  statusLines
	slow    slowPart
	files   []index.OpenFile
	maps    []index.Mapping
}

// roomFiles and roomMaps are how many stay in a room: few processes have more.
const roomFiles, roomMaps = 256, 64

// keepFiles and keepMaps let the next process use a list.
func (r *room) keepFiles(all []index.OpenFile) {
	if cap(all) <= roomFiles {
		r.files = all[:0]
	}
}

func (r *room) keepMaps(all []index.Mapping) {
	if cap(all) <= roomMaps {
		r.maps = all[:0]
	}
}

// spares are the visits whose processes were emitted.
type spares struct {
	mutex sync.Mutex
	all   []*visit
}

// take begins a visit, in the memory of the one that ended last where there is
// one.
func (s *spares) take(r *reader, h *hand, pid int, g *glimpse) *visit {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	n := len(s.all)
	if n == 0 {
		return newVisit(r, h, pid, g)
	}
	v := s.all[n-1]
	s.all = s.all[:n-1]
	v.room.slow = slowPart{}
	*v = visit{reader: r, hand: h, pid: pid, glimpse: g, room: v.room, gaps: v.gaps[:0], statusText: v.statusText[:0]}
	return v
}

// put takes a visit that nobody will look at again.
func (s *spares) put(v *visit) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.all = append(s.all, v)
}
