// Command bench measures stilltrace against the tools that it replaces, over a
// generated corpus, and writes what it saw as a page.
//
//	go run ./testdata/bench [-size 1GB] [-runs 5] [-large 5GB] [-o docs/benchmarks.md] [-only NAME]
//
// First every answer is compared with the truth that the corpus's generator
// wrote down. Then each command and its peers run in turn, one after the other,
// -runs times after one time that is not counted; questions and captures more
// often, each time right after one that is not counted. What is printed are medians
// of the whole process, from exec to exit: CPU seconds of user and system, wall
// seconds, and the peak memory of the largest process. A peer that is not
// installed is left out, with a note that names its package.
//
// The exit status is 0 if every answer is true, 1 if one is not or something
// could not be measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case launchWord:
			os.Exit(launch(os.Args[2:]))
		case hostWord:
			os.Exit(host(os.Args[2:]))
		case busyWord:
			os.Exit(beBusy(os.Args[2:]))
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options say what is measured.
type options struct {
	size, small, large string // of the corpora, as testdata/corpus takes them
	seed               uint64
	runs               int
	out, dir, only     string
}

// part is one thing that -only can name. Parts are measured in the order of the
// list, and each writes its own tables.
type part struct {
	name string
	run  func(*bench, context.Context) error
}

func parts() []part {
	return []part{
		{"truth", (*bench).truth},
		{"ingest", (*bench).ingest},
		{"size", (*bench).sizes},
		{"questions", (*bench).questions},
		{"growth", (*bench).growth},
		{"stills", (*bench).stills},
		{"capture", (*bench).capture},
		{"steps", (*bench).steps},
	}
}

func command(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	for _, p := range parts() {
		if o.only != "" && o.only != p.name {
			continue
		}
		b.say("%s", p.name)
		err := p.run(b, ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// The other parts took long, too: they are not lost for this one.
		if err != nil {
			b.say("%s: %v", p.name, err)
			b.page.note("**%s could not be measured**", p.name)
			b.failed = append(b.failed, fmt.Errorf("%s: %w", p.name, err))
		}
	}
	if n := len(b.untrue); n > 0 {
		b.page.note("**%d answers are not those of the corpus**", n)
		b.failed = append(b.failed, fmt.Errorf("%d answers are not those of the corpus:\n%s", n, strings.Join(b.untrue, "\n")))
	}
	if err := b.write(); err != nil {
		b.failed = append(b.failed, err)
	}
	return errors.Join(b.failed...)
}

// write writes the page to where it belongs, or prints it.
func (b *bench) write() error {
	text := b.page.String()
	if b.out == "" {
		_, err := fmt.Print(text)
		return err
	}
	return os.WriteFile(b.out, []byte(text), 0o644)
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.size, "size", "1GB", "size of the corpus")
	flags.StringVar(&o.small, "small", "100MB", "size of the corpus for zstd -19, and the smaller one of the growth")
	flags.StringVar(&o.large, "large", "5GB", "size of the largest corpus; 0 leaves it out")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the corpora")
	flags.IntVar(&o.runs, "runs", 5, "how often each command runs after once; questions run three times as often")
	flags.StringVar(&o.out, "o", "docs/benchmarks.md", "the page to write; empty prints it")
	flags.StringVar(&o.dir, "dir", "", "keep the corpora in this directory, and take those that are there (default: a temporary one)")
	names := make([]string, 0, len(parts()))
	for _, p := range parts() {
		names = append(names, p.name)
	}
	flags.StringVar(&o.only, "only", "", "only this part, printed unless -o is given: "+strings.Join(names, ", "))
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case o.runs < 1:
		return o, errors.New("-runs: at least 1")
	case o.only != "" && !slices.Contains(names, o.only):
		return o, fmt.Errorf("-only %s: one of %s", o.only, strings.Join(names, ", "))
	}
	named := false
	flags.Visit(func(f *flag.Flag) { named = named || f.Name == "o" })
	if o.only != "" && !named {
		o.out = ""
	}
	return o, nil
}

// bench is one run: its files, and what it has seen so far.
type bench struct {
	options
	tmp      string // removed at the end
	self     string // this program
	program  string // stilltrace, as built
	root     string // of the module
	corpora  map[string]*corpus
	missing  map[string]bool // peers that are not installed
	page     page
	untrue   []string // what differs from the truth
	failed   []error  // what could not be measured
	lnavPeak int64    // bytes, at -size; 0 where it was not measured
}

func newBench(ctx context.Context, o options) (b *bench, err error) {
	b = &bench{options: o, corpora: map[string]*corpus{}, missing: map[string]bool{}}
	if b.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if b.root, err = moduleRoot(); err != nil {
		return nil, err
	}
	if b.out != "" && !filepath.IsAbs(b.out) {
		b.out = filepath.Join(b.root, b.out)
	}
	if b.tmp, err = os.MkdirTemp("", "stilltrace-bench-"); err != nil {
		return nil, err
	}
	if b.dir == "" {
		b.dir = b.tmp
	}
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin") // also where an administrator's programs are
	b.page.machine, b.page.options = machine(), o
	if err := b.prepare(ctx); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// prepare builds stilltrace and finds out what a process costs that does nothing.
func (b *bench) prepare(ctx context.Context) error {
	b.program = filepath.Join(b.tmp, "stilltrace")
	if err := b.goRun(ctx, "build", "-buildvcs=false", "-o", b.program, "."); err != nil {
		return err
	}
	s, err := b.once(ctx, &measured{argv: []string{"true"}})
	if err != nil {
		return err
	}
	b.page.floor = s.Peak
	return nil
}

func (b *bench) close() { _ = os.RemoveAll(b.tmp) }

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// differs notes that an answer is not the truth.
func (b *bench) differs(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.say("NOT TRUE: %s", text)
	b.untrue = append(b.untrue, text)
}
