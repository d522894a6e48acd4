package query

import (
	"fmt"
	"slices"
	"strings"

	"stilltrace/index"
	"stilltrace/query/render"
)

// hostList is a list of the host that info shows when it is asked for by name.
type hostList struct {
	name  string
	count func(h *index.Host) int
	show  func(s *session) (*render.Answer, error)
}

// hostLists are in the order in which a responder asks for them: what starts
// things, who may come in and did, what lies around, what else there is.
func hostLists() []hostList {
	return []hostList{
		hostListOf("units", units(), func(h *index.Host) []index.Unit { return h.Units }),
		hostListOf("cron", cronJobs(), func(h *index.Host) []index.CronJob { return h.Cron }),
		hostListOf("keys", authorizedKeys(), func(h *index.Host) []index.AuthorizedKey { return h.Keys }),
		hostListOf("users", users(), accountsOf),
		hostListOf("sessions", loginSessions(), func(h *index.Host) []index.LoginSession { return h.Sessions }),
		hostListOf("logins", pastLogins(), loginsOf),
		hostListOf("containers", containers(), func(h *index.Host) []index.Container { return h.Containers }),
		hostListOf("rules", rulesView(), filterRules),
		hostListOf("sets", setsView(), filterElements),
		hostListOf("watched", watchedFiles(), func(h *index.Host) []index.WatchedFile { return h.Watched }),
		hostListOf("privileged", foundFiles(), func(h *index.Host) []index.FoundFile { return h.Privileged }),
		hostListOf("temporary", foundFiles(), func(h *index.Host) []index.FoundFile { return h.Temporary }),
		hostListOf("programs", programs(), func(h *index.Host) []index.Program { return h.Programs }),
		hostListOf("packages", packages(), func(h *index.Host) []index.Package { return h.Packages }),
		hostListOf("modules", kernelModules(), func(h *index.Host) []index.Module { return h.KernelModules }),
		hostListOf("mounts", mounts(), func(h *index.Host) []index.Mount { return h.Mounts }),
	}
}

// hostListOf is the list that of takes out of the host, shown by a view.
func hostListOf[T any](name string, v view[T], of func(h *index.Host) []T) hostList {
	count := func(h *index.Host) int { return len(of(h)) }
	return hostList{name, count, func(s *session) (*render.Answer, error) {
		rows := slices.Clone(of(&s.snap.Host))
		if err := v.order(rows, s.opt.Sort); err != nil {
			return nil, err
		}
		return &render.Answer{Main: v.table(first(rows, s.limit()), len(rows)), Stream: name, Schema: "stilltrace.info." + name + "/1"}, nil
	}}
}

// lists are the names of those lists that the snapshot has something of.
func (s *session) lists() (names []string) {
	for _, l := range hostLists() {
		if l.count(&s.snap.Host) > 0 {
			names = append(names, l.name)
		}
	}
	return names
}

// list shows the list of the host that the words name.
func (s *session) list() (Status, error) {
	name := s.words[0]
	if len(s.words) > 1 {
		return Trouble, fmt.Errorf("%s: info shows one list at a time", s.words[1])
	}
	var names []string
	for _, l := range hostLists() {
		names = append(names, l.name)
		if l.name != name {
			continue
		}
		if err := s.whole(); err != nil {
			return StatusOf(err), err
		}
		a, err := l.show(s)
		if err != nil {
			return Trouble, err
		}
		return s.print(a)
	}
	return Trouble, fmt.Errorf("%s: info has no such list%s: one of %s", name, didYouMean(name, names), strings.Join(names, " "))
}

// alternatives are names of which one is meant.
func alternatives(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return names[0] + ", or " + strings.Join(names[1:], ", ")
}
