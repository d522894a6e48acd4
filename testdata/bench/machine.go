package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// machine describes what this runs on, for the page.
func machine() []string {
	field := func(path, name string) string {
		text, _ := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
				return strings.TrimSpace(value)
			}
		}
		return "unknown"
	}
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	load, _ := os.ReadFile("/proc/loadavg")
	if i := strings.LastIndexByte(strings.TrimSpace(string(load)), '/'); i >= 0 {
		load = load[:strings.LastIndexByte(string(load[:i]), ' ')]
	}
	return []string{
		"processor: " + field("/proc/cpuinfo", "model name") + ", " + strconv.Itoa(runtime.NumCPU()) + " cores",
		"memory: " + gibibytes(field("/proc/meminfo", "MemTotal")),
		"kernel: Linux " + strings.TrimSpace(string(release)),
		"Go: " + runtime.Version(),
		"load average when it began: " + string(load),
	}
}
