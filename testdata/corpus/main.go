// Corpus writes a corpus of mixed server logs of a given size, the same for the
// same size and seed, with a truth.json of what is in it.
//
//	go run ./testdata/corpus -out DIR -size 100MB -seed 1
//
// One host is simulated at a constant rate of about 100 MB a day, so a larger
// corpus covers more days. Truth: failed logins, bans and requests per
// address, errors per kind, events per hour, and for a set of probe addresses
// the number of lines in each file that hold them as a whole word.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

type ipCount struct {
	IP string `json:"ip"`
	N  int64  `json:"n"`
}

func topN(m map[string]int64, n int) []ipCount {
	l := make([]ipCount, 0, len(m))
	for k, v := range m {
		l = append(l, ipCount{k, v})
	}
	sort.Slice(l, func(i, j int) bool { return l[i].N > l[j].N || l[i].N == l[j].N && l[i].IP < l[j].IP })
	return l[:min(n, len(l))]
}

func topMap(m map[string]int64, n int) map[string]int64 {
	o := map[string]int64{}
	for _, c := range topN(m, n) {
		o[c.IP] = c.N
	}
	return o
}

// share of the whole in thousandths
var plan = []struct {
	name  string
	share int64
}{
	{"auth.log", 205}, {"nginx-access.log", 335}, {"nginx-error.log", 35}, {"postgresql.log", 95}, {"django.log", 70},
	{"redis.log", 12}, {"syslog", 75}, {"app.jsonl", 85}, {"rfc5424.log", 30}, {"fail2ban.log", 58},
}

func size(s string) (int64, error) {
	u := strings.TrimRight(strings.ToUpper(s), "IB")
	mul := int64(1)
	if n := len(u); n > 0 {
		switch u[n-1] {
		case 'K':
			mul = 1e3
		case 'M':
			mul = 1e6
		case 'G':
			mul = 1e9
		}
		if mul > 1 {
			u = u[:n-1]
		}
	}
	v, err := strconv.ParseFloat(u, 64)
	return int64(v * float64(mul)), err
}

func main() {
	dir := flag.String("out", "corpus", "directory to write to")
	sz := flag.String("size", "100MB", "total size (powers of ten)")
	seed := flag.Uint64("seed", 1, "seed")
	flag.Parse()
	if err := run(*dir, *sz, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

func run(dir, sz string, seed uint64) error {
	total, err := size(sz)
	if err != nil || total < 1e6 {
		return fmt.Errorf("size %q: want at least 1MB", sz)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	start := time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	end := start + int64(float64(total)/100e6*86400e6)
	sinks := map[string]*sink{}
	for _, p := range plan {
		if sinks[p.name], err = newSink(dir, p.name, total*p.share/1000, start, end); err != nil {
			return err
		}
	}
	var at *authTruth
	var wt *webTruth
	jobs := []func(){
		func() { at = runAuth(seed, sinks["auth.log"], sinks["fail2ban.log"]) },
		func() { wt = runWeb(seed, sinks["nginx-access.log"]) },
		func() { runNginxError(seed, sinks["nginx-error.log"]) },
		func() { runPostgres(seed, sinks["postgresql.log"]) },
		func() { runDjango(seed, sinks["django.log"]) },
		func() { runRedis(seed, sinks["redis.log"]) },
		func() { runSyslog(seed, sinks["syslog"]) },
		func() { runJSON(seed, sinks["app.jsonl"]) },
		func() { runRFC5424(seed, sinks["rfc5424.log"]) },
	}
	sem := make(chan struct{}, runtime.NumCPU())
	var wg sync.WaitGroup
	for _, j := range jobs {
		wg.Add(1)
		sem <- struct{}{}
		go func() { defer wg.Done(); j(); <-sem }()
	}
	wg.Wait()

	files := map[string]*sink{}
	sum := map[string]int64{}
	var bytes, lines, events int64
	for name, s := range sinks {
		if err := s.close(); err != nil {
			return err
		}
		files[name] = s
		bytes += s.Bytes
		lines += s.Lines
		events += s.Events
		for ip, n := range s.ipLines {
			sum[ip] += n
		}
	}
	perIP := probes(sum, at, sinks)
	truth := map[string]any{"seed": seed, "size": sz, "start": isoT(start), "end": isoT(end), "bytes": bytes, "lines": lines, "events": events,
		"distinct_ips": len(sum), "files": files, "auth": at, "web": wt, "lines_by_probe_ip": perIP, "absent_ip": "192.0.2.123",
		"top_failed": topN(at.Failed, 50)}
	b, err := json.MarshalIndent(truth, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "truth.json"), append(b, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Printf("%d bytes, %d lines, %d events, %d addresses\n", bytes, lines, events, len(sum))
	return nil
}

// probes are the addresses whose lines are tallied by file: the busiest, the
// breached and flooding ones, and a spread of others.
func probes(sum map[string]int64, at *authTruth, sinks map[string]*sink) map[string]map[string]int64 {
	var ips []string
	for _, c := range topN(sum, 12) {
		ips = append(ips, c.IP)
	}
	for _, c := range topN(at.Failed, 10) {
		ips = append(ips, c.IP)
	}
	for _, b := range at.Breach {
		ips = append(ips, b.IP)
	}
	all := topN(sum, len(sum))
	for f := 1; f <= 30; f++ {
		ips = append(ips, all[len(all)*f*f/961].IP)
	}
	perIP := map[string]map[string]int64{}
	for _, ip := range ips {
		perIP[ip] = map[string]int64{}
		for name, s := range sinks {
			if n := s.ipLines[ip]; n > 0 {
				perIP[ip][name] = n
			}
		}
	}
	return perIP
}
