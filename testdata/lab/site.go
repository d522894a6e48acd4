package main

import (
	"embed"
	"io/fs"
	"strconv"
	"strings"
)

// site holds the victim's own files as they lie below its root directory.
//
//go:embed all:site
var site embed.FS

// layFiles lays them on the victim; those that begin with #! are programs. It is
// done before anything else: a program cannot be run while it is written.
func (l *lab) layFiles() {
	must(fs.WalkDir(site, "site", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := site.ReadFile(name)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(string(text), "#!") {
			mode = 0o755
		}
		l.write(strings.TrimPrefix(name, "site"), mode, string(text))
		return nil
	}), "the victim's files")
}

// ownDirs makes directories of the victim that belong to a user.
func (l *lab) ownDirs(user string, dirs ...string) {
	l.command(append([]string{"install", "-d", "-o", user, "-g", "adm"}, dirs...)...).run()
}

// as is a command that runs as a user of the victim.
func as(user string, args ...string) []string {
	return append([]string{"setpriv", "--reuid=" + user, "--regid=" + user, "--init-groups"}, args...)
}

// pidIn reads the process id on the first line of a daemon's file.
func (l *lab) pidIn(file string) int {
	first, _, _ := strings.Cut(l.read(file), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	must(err, "%s", file)
	return pid
}
