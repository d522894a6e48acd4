package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// path is a path of the victim as the director reaches it.
func (l *lab) path(p string) string { return filepath.Join(l.root, p) }

func (l *lab) exists(p string) bool {
	_, err := os.Stat(l.path(p))
	return err == nil
}

// write puts text into a file of the victim.
func (l *lab) write(p string, mode os.FileMode, text string) {
	must(os.MkdirAll(filepath.Dir(l.path(p)), 0o755), "write %s", p)
	must(os.WriteFile(l.path(p), []byte(text), mode), "write %s", p)
	must(os.Chmod(l.path(p), mode), "write %s", p)
}

// read returns a file of the victim; "" if it is not there.
func (l *lab) read(p string) string {
	b, err := os.ReadFile(l.path(p))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	must(err, "read %s", p)
	return string(b)
}

// grep counts the lines of a file of the victim that hold the text.
func (l *lab) grep(p, text string) (n int) {
	for line := range strings.Lines(l.read(p)) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
