package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// questionRuns is how many times as often as ingest a question runs: it takes
// milliseconds, in which much of a shared machine's noise fits.
const questionRuns = 3

// pair is a question and how it is answered without a case.
type pair struct {
	figure
	own, peer *measured
	needs     []string // the programs of the peer
}

// questions measures whole processes, from exec to exit: opening and proving
// the case is part of each answer.
func (b *bench) questions(ctx context.Context) error {
	c, err := b.caseOf(ctx, b.size)
	if err != nil {
		return err
	}
	t := times()
	t.head = append(t.head, "wall of the peer's", "CPU of the peer's")
	worst := &measured{}
	for _, p := range b.pairs(c) {
		all := []*measured{p.own}
		if b.hasAll(p.needs) {
			all = append(all, p.peer)
		}
		if err := b.repeat(ctx, b.runs*questionRuns, all...); err != nil {
			return err
		}
		b.ratio(p.figure, float64(p.own.wall()), float64(p.peer.wall()))
		t.rows = append(t.rows, append(timeRow(p.own), fraction(p.own.wall(), p.peer.wall()), fraction(p.own.cpu(), p.peer.cpu())))
		if len(all) > 1 {
			t.rows = append(t.rows, append(timeRow(p.peer), "", ""))
		}
		worst = larger(worst, p.own)
	}
	lone := b.lone(c)
	if err := b.single(ctx, lone...); err != nil {
		return err
	}
	for _, m := range lone {
		t.rows = append(t.rows, append(timeRow(m), "", ""))
		worst = larger(worst, m)
	}
	b.page.figures = append(b.page.figures, figure{what: "peak memory of any question, " + b.size, against: worst.name, measure: "memory",
		value: float64(worst.peak()) / (1 << 20), unit: "MiB", goal: goal{64, 28}})
	b.page.section("Questions", "To the case of "+b.size+", and to its logs. A shell stands for itself and the programs that it starts.", t)
	return nil
}

func larger(a, b *measured) *measured {
	if a.peak() >= b.peak() {
		return a
	}
	return b
}

func (b *bench) hasAll(programs []string) bool {
	for _, p := range programs {
		if !b.has(p) {
			return false
		}
	}
	return true
}

func (b *bench) pairs(c *corpus) []pair {
	var all []pair
	own := func(args ...string) *measured { return b.question(c, nil, args...) }
	for _, a := range []struct{ how, ip string }{
		{"busiest", c.truth.busiest()}, {"some 700 lines", c.truth.probe(700)}, {"2 lines", c.truth.probe(2)}, {"absent", c.truth.Absent},
	} {
		what := fmt.Sprintf("one address (%s): summary and counts", a.how)
		peer := &measured{name: fmt.Sprintf("`rg -c -wF %s` (%s lines)", a.ip, grouped(int64(c.truth.lines(a.ip)))), argv: []string{"rg", "-c", "-wF", a.ip, c.logs}, nothing: true}
		all = append(all, pair{figure{what: what, against: "rg -c -wF, warm", measure: "wall", goal: goal{0.25, 0.10}}, own("ip", a.ip), peer, []string{"rg"}})
	}
	return append(append(all, b.rawLines(c)...), pair{
		figure{what: "top 20 addresses by failed logins", against: "awk on auth.log", measure: "wall", goal: goal{0.025, 0.011}},
		own("ip", "--limit", "20"), shell("`awk` of auth.log, `sort`, `head`", failedLogins, c.logs), []string{"awk", "sort"},
	}, pair{
		figure{what: "errors by signature", against: "rg, sed, sort, uniq", measure: "wall", goal: goal{0.01, 0.003}},
		own("error"), shell("`rg`, `sed`, `sort`, `uniq`", errorSignatures, c.logs), []string{"rg", "sed", "sort", "uniq"},
	}, pair{
		// sed is three times as quick where a byte is a letter. Few know, and it is no longer true for logs in UTF-8.
		figure{what: "errors by signature", against: "the same with LC_ALL=C", measure: "wall"},
		own("error"), shell("the same with `LC_ALL=C`", "export LC_ALL=C\n"+errorSignatures, c.logs), []string{"rg", "sed", "sort", "uniq"},
	}, b.oneHour(c))
}

// rawLines asks for the entries of one address: JSON lines hold each as it was
// written, and all that was read out of it besides.
func (b *bench) rawLines(c *corpus) []pair {
	ip := c.truth.probe(700)
	lines := grouped(int64(c.truth.lines(ip)))
	var all []pair
	for _, of := range []struct {
		how  string
		goal goal
		cold bool
	}{{"warm", goal{0.6, 0.25}, false}, {"cold", goal{0.15, 0.06}, true}} {
		own := b.question(c, nil, "event", "ip:"+ip, "--format", "jsonl")
		peer := &measured{name: "`rg -wF " + ip + "` (" + lines + " lines)", argv: []string{"rg", "-wF", ip, c.logs}}
		own.name, peer.name = own.name+", "+of.how, peer.name+", "+of.how
		if of.cold {
			own.cold, peer.cold = []string{c.db}, c.files
		}
		all = append(all, pair{figure{what: "one address: all its raw lines", against: "rg -wF, " + of.how, measure: "wall", goal: of.goal}, own, peer, []string{"rg"}})
	}
	return all
}

// oneHour asks for an hour of the middle of the corpus, in the afternoon.
func (b *bench) oneHour(c *corpus) pair {
	hour := min(c.hours()/48*24+14, c.hours()-1)
	args := []string{"rg", "-c"}
	for _, s := range spellings(c.hour(hour)) {
		args = append(args, "-e", s)
	}
	return pair{
		figure{what: "events of one hour, per file", against: "rg with each file's way to write it", measure: "wall", goal: goal{0.1, 0.04}},
		b.question(c, c.window(hour), "event", "--by", "source"), &measured{name: "`rg -c` of the hour", argv: append(args, c.logs)}, []string{"rg"},
	}
}

// spellings are patterns for an hour as the files of the corpus write it.
func spellings(h time.Time) []string {
	return []string{
		h.Format("^Jan _2 15:"),
		h.Format("02/Jan/2006:15:"),
		h.Format("^2006/01/02 15:"),
		h.Format("^2006-01-02 15:"),
		`^(\{"ts":"|<\d+>1 )` + h.Format("2006-01-02T15:"),
		`^\S+ ` + h.Format("02 Jan 2006 15:"),
	}
}

// lone are further questions, each asked once, for their memory.
func (b *bench) lone(c *corpus) []*measured {
	return []*measured{
		b.question(c, nil, "info"),
		b.question(c, nil, "ip", "--limit", "0"),
		b.question(c, nil, "error", "--limit", "0"),
		b.question(c, nil, "event", "--by", "service,level,action"),
		b.question(c, nil, "event", "action:login_failed", "--sort", "-time", "--limit", "40"),
		b.question(c, nil, "check"),
	}
}

// question is a command that asks the case. More arguments come last and are
// not part of the name.
func (b *bench) question(c *corpus, more []string, args ...string) *measured {
	argv := append([]string{b.program, args[0], c.db}, args[1:]...)
	name := "`stilltrace " + strings.Join(append([]string{args[0], "CASE.db"}, args[1:]...), " ") + "`"
	if len(more) > 0 {
		name += " of an hour"
	}
	return &measured{name: name, argv: append(argv, more...), nothing: true}
}

func shell(name, script, dir string) *measured {
	return &measured{name: name, argv: []string{"sh", "-c", script, "sh", dir}}
}

// failedLogins counts `message repeated N times` as N, and takes the last
// "from", as the truth does.
const failedLogins = `awk '/Failed password/ { n = $6 == "message" ? $8 : 1; for (i = NF; i > 0; i--) if ($i == "from") { c[$(i+1)] += n; break } }
END { for (ip in c) print c[ip], ip }' "$1/auth.log" | sort -rn | head -n 20`

// errorSignatures masks what is quoted, hexadecimal or a number.
const errorSignatures = `rg -IN 'ERROR|FATAL|CRITICAL|\[(error|crit|alert|emerg)\]|"level":"error"|error:|segfault|oom-kill|I/O error|DENIED' "$1" |
sed -E 's/"[^"]*"/S/g; s/0x[0-9a-f]+|[0-9a-f]{8,}|[0-9]+/N/g' | sort | uniq -c | sort -rn`
