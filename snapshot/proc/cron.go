package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"stilltrace/index"
)

// cron reads the tables of cron(8) and anacron(8), the directories that they
// run, and the jobs of at(1).
func (h *hostReader) cron() {
	h.crontab("etc", "crontab", "", true)
	h.eachFile("etc/cron.d", func(f *folder, name string) { h.table(f, name, "", true) })
	h.crontab("etc", "anacrontab", "root", false)
	for _, often := range []string{"hourly", "daily", "weekly", "monthly", "yearly"} {
		h.eachFile("etc/cron."+often, func(f *folder, name string) { h.script(f, name, often) })
	}
	for _, dir := range []string{"var/spool/cron/crontabs", "var/spool/cron/tabs", "var/spool/cron"} {
		h.eachFile(dir, func(f *folder, name string) { h.table(f, name, name, false) })
	}
	for _, dir := range []string{"var/spool/cron/atjobs", "var/spool/at"} {
		h.eachFile(dir, h.at)
	}
}

// eachFile calls do with the files of a directory and the links to some, which
// cron follows, if it is there.
func (h *hostReader) eachFile(dir string, do func(f *folder, name string)) {
	f := h.list(dir)
	if f == nil {
		return
	}
	defer f.close()
	for _, e := range f.entries {
		if (e.IsRegular() || e.isLink()) && !strings.HasPrefix(e.Name(), ".") {
			do(f, e.Name())
		}
	}
}

func (h *hostReader) crontab(dir, name, user string, named bool) {
	f, err := h.root.folder(dir)
	if err != nil {
		return // a host without /etc has been noted for more
	}
	defer f.close()
	h.table(f, name, user, named)
}

// table reads one table; in a named one each line says as which user.
func (h *hostReader) table(f *folder, name, user string, named bool) {
	text, st, err := f.linked(h.root, name, maxNames)
	at := f.at + "/" + name
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errUnsupported) { // a link to /dev/null is no table
			h.fail(at, err)
		}
		return
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		job, ok := parseCron(strings.TrimSpace(line), named, path.Base(name) == "anacrontab")
		if !ok || len(h.host.Cron) >= maxEntries {
			continue
		}
		if job.User == "" {
			job.User = user
		}
		job.Path, job.Line, job.Mtime = at, n, index.Time(st.Mtim.Nano())
		h.host.Cron = append(h.host.Cron, job)
	}
}

// parseCron reads one line of crontab(5): five fields, or a word that begins
// with @, then the user where the table names one, then the command. One of
// anacrontab(5) has a period, a delay and a name.
func parseCron(line string, named, anacron bool) (job index.CronJob, ok bool) {
	if line == "" || line[0] == '#' || isAssignment(line) {
		return job, false
	}
	fields := 5
	switch {
	case anacron:
		fields = 3
	case line[0] == '@':
		fields = 1
	}
	if job.Schedule, line, ok = cutFields(line, fields); !ok {
		return job, false
	}
	if named {
		if job.User, line, ok = cutFields(line, 1); !ok {
			return job, false
		}
	}
	job.Command = line
	return job, line != ""
}

// isAssignment reports whether the line sets a variable: NAME = value.
func isAssignment(line string) bool {
	name, _, ok := strings.Cut(line, "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '_' || '0' <= c && c <= '9' && i > 0) {
			return false
		}
	}
	return true
}

// cutFields cuts the first n fields off, as they stand, and the blanks behind.
func cutFields(line string, n int) (fields, rest string, ok bool) {
	end := 0
	for range n {
		for end < len(line) && (line[end] == ' ' || line[end] == '\t') {
			end++
		}
		from := end
		for end < len(line) && line[end] != ' ' && line[end] != '\t' {
			end++
		}
		if from == end {
			return "", "", false
		}
	}
	return line[:end], strings.TrimLeft(line[end:], " \t"), true
}

// script is a file that is run as often as its directory says.
func (h *hostReader) script(f *folder, name, often string) {
	at := f.at + "/" + name
	job := index.CronJob{Path: at, User: "root", Schedule: often, Command: at}
	_, st, err := f.linked(h.root, name, 0)
	switch {
	case errors.Is(err, errUnsupported), errors.Is(err, fs.ErrNotExist):
		return // a link that leads to no file
	case st != nil:
		job.Mtime = index.Time(st.Mtim.Nano())
	}
	if plain, _, err := h.root.resolve(f.nameIn(h.root, name)); err == nil {
		job.Command = h.root.at(plain)
	}
	h.host.Cron = append(h.host.Cron, job)
}

// at is a job of at(1), whose name has its queue, number and minute:
// a0000301b2c3d4.
func (h *hostReader) at(f *folder, name string) {
	minutes, err := strconv.ParseUint(name[max(len(name)-8, 0):], 16, 32)
	if len(name) != 14 || err != nil {
		return // the lock and the counter of atd
	}
	text, st, err := f.read(name, maxNames)
	if err != nil && (st == nil || !errors.Is(err, errTooLarge)) {
		h.fail(f.at+"/"+name, err)
		return
	}
	user := h.host.UserName(st.Uid)
	if user == "" {
		user = fmt.Sprint(st.Uid)
	}
	h.host.Cron = append(h.host.Cron, index.CronJob{Path: f.at + "/" + name, User: user, Command: atCommand(text),
		Schedule: "at " + time.Unix(int64(minutes)*60, 0).UTC().Format("2006-01-02T15:04Z"), Mtime: index.Time(st.Mtim.Nano())})
}

// atCommand returns the first line of what a job of at(1) runs. Before it stand
// the environment, which may hold secrets, and the change of directory, as at
// writes it; a newline of the environment stands between quotes there.
func atCommand(text string) string {
	_, commands, _ := strings.Cut(text, "\n\t exit 1\n}\n")
	for line := range strings.Lines(commands) {
		if line = strings.TrimSpace(line); line != "" {
			return line[:min(len(line), maxText)]
		}
	}
	return ""
}
