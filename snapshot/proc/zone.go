package proc

import (
	"path"
	"strings"
	"time"

	"stilltrace/index"
)

// ReadZone returns the zone in which the host below root writes times that
// name none: the rules of its own /etc/localtime, never those of the machine
// that reads it. Where they cannot be read it is UTC, and the Timezone says so.
func ReadZone(root string) (*time.Location, index.Timezone) {
	t, err := openTree(root, "/")
	if err != nil {
		z := unknownZone()
		return z.rules, z.Timezone
	}
	defer t.close()
	z := zoneOf(t)
	return z.rules, z.Timezone
}

type zone struct {
	index.Timezone
	rules *time.Location
}

func unknownZone() zone {
	return zone{Timezone: index.Timezone{Name: "UTC"}, rules: time.UTC}
}

// zoneOf reads localtime(5). The file holds rules and no name; the name is
// that of the link's target, else Debian's /etc/timezone, else the rule for
// the years to come, which stands at the end of the file (tzfile(5)).
func zoneOf(t *tree) zone {
	data, err := t.read("etc/localtime", maxZone)
	if err != nil {
		return unknownZone()
	}
	name := linkedZone(t)
	if name == "" {
		if text, err := t.read("etc/timezone", maxText); err == nil {
			name = zoneName(strings.TrimSpace(string(text)))
		}
	}
	if name == "" {
		name = zoneRule(data)
	}
	rules, err := guarded(nil, func() (*time.Location, error) { return time.LoadLocationFromTZData(name, data) })
	if err != nil {
		return unknownZone()
	}
	return zone{Timezone: index.Timezone{Name: name, Known: true, Rules: data}, rules: rules}
}

// linkedZone is the zone that the link /etc/localtime names, or "".
func linkedZone(t *tree) string {
	target, err := t.link("etc/localtime")
	if err != nil {
		return ""
	}
	if name := zoneName(target); name != "" && strings.Contains(target, zoneinfo) {
		return name
	}
	if target, _, err = t.resolve("etc/localtime"); err == nil && strings.Contains(target, zoneinfo) {
		return zoneName(target)
	}
	return ""
}

const zoneinfo = "zoneinfo/"

// zoneName is the name of a zone within a path of the zone database, or "".
func zoneName(s string) string {
	if i := strings.LastIndex(s, zoneinfo); i >= 0 {
		s = s[i+len(zoneinfo):]
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "posix/"), "right/")
	if s == "" || len(s) > 64 || path.Clean(s) != s || path.IsAbs(s) || s[0] == '.' {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_+-/", c) >= 0) {
			return ""
		}
	}
	return s
}

// zoneRule is the TZ string at the end of a TZif file, as CET-1CEST,M3.5.0,M10.5.0/3;
// "local" where an old file has none.
func zoneRule(data []byte) string {
	text := strings.TrimSuffix(string(data), "\n")
	rule := text[strings.LastIndexByte(text, '\n')+1:]
	if len(text) == len(data) || rule == "" || len(rule) > 64 {
		return "local"
	}
	for i := range len(rule) {
		if rule[i] <= ' ' || rule[i] > '~' {
			return "local"
		}
	}
	return rule
}
