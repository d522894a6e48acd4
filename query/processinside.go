package query

import (
	"fmt"
	"strings"
	"time"

	"stilltrace/index"
	"stilltrace/tracers/process"
)

// packageOf says which package the program is of, and whether it is what that
// package brought; "" of a process in a container, whose files are others.
func (s *session) packageOf(p *process.Row) string {
	one := s.snap.Host.ProgramOf(&p.Process)
	if one == nil {
		return ""
	}
	if one.Package == "" {
		if len(s.snap.Host.Packages) == 0 {
			return ""
		}
		return "of no installed package"
	}
	text := one.Package
	for i := range s.snap.Host.Packages {
		if k := &s.snap.Host.Packages[i]; k.Name == one.Package || k.Name+":"+k.Arch == one.Package {
			text += " " + k.Version
			break
		}
	}
	switch one.Verified {
	case index.VerifiedSame:
		text += ", the file is what the package brought"
	case index.VerifiedDiffers:
		text += ", the file is NOT what the package brought"
	case index.VerifiedUntouched:
		text += ", the file was not changed since it was unpacked"
	}
	return text
}

// idsInside says what the ids of its user namespace are outside of it.
func (s *session) idsInside(p *process.Row) string {
	space := s.snap.Host.UserSpace(p.Spaces.User)
	if space == nil {
		return ""
	}
	return "users " + idRanges(space.Users) + "; groups " + idRanges(space.Groups)
}

func idRanges(list []index.IDRange) string {
	var parts []string
	for _, r := range first(list, fewCounts) {
		if r.Count == 1 {
			parts = append(parts, fmt.Sprintf("%d is %d", r.Inside, r.Outside))
		} else {
			parts = append(parts, fmt.Sprintf("%d to %d are %d and up", r.Inside, uint64(r.Inside)+uint64(r.Count)-1, r.Outside))
		}
	}
	if len(parts) == 0 {
		return "have no meaning outside"
	}
	if more := len(list) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return strings.Join(parts, ", ")
}

// clocksInside says by how much the clocks of its time namespace differ.
func (s *session) clocksInside(p *process.Row) string {
	space := s.snap.Host.TimeSpace(p.Spaces.Time)
	if space == nil {
		return ""
	}
	return fmt.Sprintf("since boot off by %s, monotonic by %s", time.Duration(space.BoottimeNS), time.Duration(space.MonotonicNS))
}

// ownRights says what a thread has that its process has not; "" for nothing.
func ownRights(r *index.ThreadRights) string {
	if r == nil {
		return ""
	}
	var parts []string
	if r.EUID != nil {
		parts = append(parts, fmt.Sprintf("user %d", *r.EUID))
	}
	if r.EGID != nil {
		parts = append(parts, fmt.Sprintf("group %d", *r.EGID))
	}
	if text := rights(r.Security); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
