package query

import (
	"fmt"
	"strings"

	"stilltrace/tracers/process"
)

// why says in one sentence why a process runs.
func (s *session) why(w *process.Why) string {
	parts := []string{s.origin(w)}
	if len(w.Became) > 0 {
		parts = append(parts, "through "+strings.Join(w.Became, ", "))
	}
	if w.Container != "" {
		parts = append(parts, "in the container "+containerOf(w))
	}
	if w.Command != "" {
		parts = append(parts, "as "+w.Command)
	}
	if w.Trigger != "" {
		parts = append(parts, "by "+w.Trigger)
	}
	if w.Place != "" {
		parts = append(parts, "from "+w.Place)
	}
	return strings.Join(parts, ", ")
}

func (s *session) origin(w *process.Why) string {
	switch w.Origin {
	case process.OriginKernel:
		return "a thread of the kernel"
	case process.OriginInit:
		return "the first process of the host"
	case process.OriginService:
		return "service " + w.Unit
	case process.OriginTimer:
		return "service " + w.Unit + " of a timer"
	case process.OriginContainer:
		return "started by the container's runtime"
	case process.OriginCron:
		return fmt.Sprintf("cron job of %s (cron %d)", w.User, w.PID)
	case process.OriginSSH:
		return s.loginOf("ssh session", w)
	case process.OriginLogin:
		return s.loginOf("login", w)
	case process.OriginUser:
		return "service " + w.Unit + " of the user " + w.User
	}
	return "unknown: no service, container, job or login leads to it"
}

func (s *session) loginOf(kind string, w *process.Why) string {
	text := kind
	if w.User != "" {
		text += " of " + w.User
	}
	if w.From != "" {
		text += " from " + w.From
		if w.Port != 0 {
			text += fmt.Sprintf(" port %d", w.Port)
		}
	}
	if w.TTY != "" {
		text += " on " + w.TTY
	}
	if w.Since != 0 {
		text += " since " + s.stamp(w.Since)
	}
	switch {
	case w.Over:
		text += ", which is over"
	case w.PID != 0 && w.Origin == process.OriginSSH:
		text += fmt.Sprintf(" (sshd %d)", w.PID)
	case w.PID != 0:
		text += fmt.Sprintf(" (login %d)", w.PID)
	}
	return text
}

func containerOf(w *process.Why) string {
	id := w.Container
	if len(id) > 12 {
		id = id[:12]
	}
	text := id
	if w.Name != "" {
		text = w.Name + " (" + id + ")"
	}
	if w.Image != "" {
		text += " of " + w.Image
	}
	return text
}
