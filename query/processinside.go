package query

import (
	"fmt"
	"slices"
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

// ownRights says in what the rights of a thread differ from those of its
// process; "" for nothing.
func ownRights(p *index.Process, r *index.ThreadRights) string {
	if r == nil {
		return ""
	}
	var parts []string
	for _, id := range [...]struct {
		name       string
		own, whole *uint32
	}{
		{"user", r.EUID, p.EUID}, {"real user", r.UID, p.UID}, {"saved user", r.SUID, p.SUID}, {"user for files", r.FSUID, p.FSUID},
		{"group", r.EGID, p.EGID}, {"real group", r.GID, p.GID},
	} {
		if id.own != nil && (id.whole == nil || *id.own != *id.whole) {
			parts = append(parts, fmt.Sprintf("%s %d", id.name, *id.own))
		}
	}
	if !slices.Equal(r.Groups, p.Groups) {
		parts = append(parts, fmt.Sprintf("groups %v", r.Groups))
	}
	return strings.Join(append(parts, ownSecurity(p.Security, r.Security)...), ", ")
}

// ownSecurity is ownRights for capabilities and seccomp.
func ownSecurity(whole, own *index.SecurityBits) (parts []string) {
	if own == nil {
		return nil
	}
	if whole == nil {
		return []string{rights(own)}
	}
	for _, set := range [...]struct {
		name       string
		own, whole uint64
	}{
		{"capabilities", own.CapEffective, whole.CapEffective}, {"permitted capabilities", own.CapPermitted, whole.CapPermitted},
		{"bounding capabilities", own.CapBounding, whole.CapBounding}, {"inheritable capabilities", own.CapInherited, whole.CapInherited},
		{"ambient capabilities", own.CapAmbient, whole.CapAmbient},
	} {
		if set.own != set.whole {
			parts = append(parts, set.name+" "+capabilities(set.own))
		}
	}
	if own.Seccomp != whole.Seccomp || own.Filters != whole.Filters {
		parts = append(parts, fmt.Sprintf("%s, %s", seccomp(own.Seccomp), number(own.Filters, "filter", "filters")))
	}
	if own.NoNewPrivs != whole.NoNewPrivs {
		parts = append(parts, map[bool]string{true: "no new privileges", false: "new privileges allowed"}[own.NoNewPrivs])
	}
	return parts
}
