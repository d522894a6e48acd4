// Stilltrace takes a still of a Linux host, its state and its logs, in one
// file, and traces what happened in it later, offline, on any machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"stilltrace/index/printable"
	"stilltrace/query"
	"stilltrace/snapshot"
)

const about = `stilltrace takes a still of a Linux host, its processes, sockets and logs, in one
file, and answers from it later: offline, on any machine, the same every time.

  stilltrace snapshot -o web01.db            on the host, once: reads, changes nothing
  stilltrace info web01.db                   what the case holds, and what it does not
  stilltrace ip web01.db 203.0.113.7         all that one address did
`

const exits = "Exit status: 0 found, 1 nothing found, 2 trouble, 3 the evidence is not whole.\n"

// command is one line of the command table.
type command struct {
	name, args, short string
	long              string // what short leaves open
	examples          string
	flags             func(*query.Options, *pflag.FlagSet)
	run               query.Command
}

// commands is the command table, in the order of the help.
func commands() []command {
	return []command{
		{"snapshot", "[LOG...]", "capture this host into a new case, or add to one", `Reads /proc and the logs once, and writes one new file; nothing else on the host
changes. LOG is a directory, a glob, or a file, which brings its rotated
siblings along (auth.log.1, auth.log.2.gz); without one, the logs under /var/log
are taken. What cannot be read is noted in the case, with the reason.
With --append the case of that name gets one snapshot more, and of the logs only
what it does not hold yet; CASE.db@1 asks its first snapshot, CASE.db its last.
Of environments only the values of harmless variables are kept, such as PATH,
LD_PRELOAD and SSH_CONNECTION. No name is looked up unless --resolve says so.`,
			`  sudo stilltrace snapshot -o web01.db
  sudo stilltrace snapshot --append -o web01.db
  stilltrace snapshot -o web01.db /var/log/nginx '/srv/*/app.log'
  stilltrace snapshot -o disk.db --root /mnt/disk --no-proc --captured-at 2026-11-20T10:00:00Z`, nil, nil},
		{"info", "CASE.db [LIST]", "what a case holds, and what it could not see", `Shows the host, the capture, its logs, and what was not seen and why; or a list
of the host: what starts things (units, cron), who may come in or did (keys,
users, sessions, logins), what the packet filter does (rules, sets), what lies
around (watched, privileged, temporary), and containers, programs, packages,
modules, mounts.`,
			`  stilltrace info web01.db
  stilltrace info web01.db cron
  stilltrace info web01.db units --sort -mtime
  stilltrace info web01.db --format json`, (*query.Options).InfoFlags, query.Info},
		{"check", "CASE.db", "prove a case whole", `Compares every value with its checksum, every log with its SHA-256, and every
event with the terms that lead to it. Exit status 3 where one differs.`,
			`  stilltrace check web01.db`, (*query.Options).AnswerFlags, query.Check},
		{"ip", "CASE.db [TERM...]", "addresses: logins, bans, requests, connections", `A bare word is an address or a network. One address is shown whole.`,
			`  stilltrace ip web01.db                              who tried hardest
  stilltrace ip web01.db 203.0.113.7                  all about one
  stilltrace ip web01.db 203.0.113.0/24 service:sshd --since 2h`, (*query.Options).QueryFlags, query.IP},
		{"network", "CASE.db [TERM...]", "sockets: connections, listeners, their owners", `A bare word is an address or a network, :22 a port, any other a service.
A listener's exposure is loopback, private, public or all addresses; a packet
filter may close what it leaves open. Without terms, or of a netns alone, the
interfaces and chains of the packet filter follow; an address or a port also
finds connections that the kernel tracks, with how they are translated (NAT).`,
			`  stilltrace network web01.db direction:listen        what is open
  stilltrace network web01.db :443 state:ESTABLISHED
  stilltrace network web01.db process:nginx -class:local
  stilltrace network web01.db --by state,remote       how many of each
  stilltrace network web01.db --graph -o web01.dot    who talks to whom, for Graphviz`, (*query.Options).NetworkFlags, query.Network},
		{"process", "CASE.db [TERM...]", "processes: a list, the tree, or one whole", `A bare number is a pid, :22 a port, 203.0.113.7 an address that it talks to,
/usr/sbin/sshd an executable, any other bare word a name. One pid is shown whole,
with the reason why it runs. What stands out has a score, the sum of factors.`,
			`  stilltrace process web01.db 812                     all about one
  stilltrace process web01.db --top cpu               also rss, io, fds, threads, switches
  stilltrace process web01.db --by service            what each uses
  stilltrace process web01.db 'name~^php' finding:*
  stilltrace process web01.db --tree user:www-data`, (*query.Options).ProcessFlags, query.Process},
		{"event", "CASE.db [TERM...]", "events of the logs, or counts of them", `A bare address is looked for as such, any other bare word in the text of the
entry. Events of logs without any stamp have no time and come last.`,
			`  stilltrace event web01.db action:login_failed --since -1h
  stilltrace event web01.db 'level>=err' -service:kernel
  stilltrace event web01.db action:login_failed --by user,ip`, (*query.Options).EventFlags, query.Event},
		{"error", "CASE.db [TERM...]", "errors: each kind once, how often, since when", `A bare word is a category, or text in the entry.`,
			`  stilltrace error web01.db
  stilltrace error web01.db database --since 2026-11-23`, (*query.Options).QueryFlags, query.Error},
		{"export", "CASE.db --to WHAT", "write a case for other programs", `--to raw writes each log back, byte for byte, under -o DIR, with SHA256SUMS; a
log that was compressed is written as its text. --to jsonl writes everything
else, one JSON object a line, to -o FILE or stdout.`,
			`  stilltrace export web01.db --to raw -o logs && (cd logs && sha256sum -c SHA256SUMS)
  stilltrace export web01.db --to jsonl -o web01.jsonl`, (*query.Options).ExportFlags, query.Export},
		{"compact", "CASE.db -o NEW.db", "write a case anew, smaller or parsed again", `Writes a case that has grown anew, without what lies unused in it; the old file
stays as it is. The answers and the digest are the same. With --reparse the logs
are parsed again by the parsers of this version: their texts are all in the
case, and so are the zone and the time of capture.`,
			`  stilltrace compact web01.db -o small.db
  stilltrace compact web01.db -o today.db --reparse`, nil, nil},
		{"version", "", "print the version", "", "", nil, nil},
	}
}

func main() { os.Exit(run(os.Args[1:])) }

// How much garbage may wait to be collected, in percent of what lives. A server
// in trouble has little memory to spare.
const (
	// patient is for the start, up to the first collection: it is a multiple of the 4 MiB that the runtime starts with, which are the ballast and
	// 32 MiB more. Most questions are answered before that, and the state of a host with some thousand processes is written.
	patientQuestion, patientCapture = 1200, 1600
	// sparing is for what a capture does later, which is to read logs.
	sparing = 40
	// thrifty is for the few questions that go on.
	thrifty = 25
	// The ballasts, in MiB.
	ballastQuestion, ballastCapture = 16, 32
)

// ballast returns memory that is never touched, and so takes none. It counts as
// living: where little does, more garbage may wait.
func ballast(mib int) []byte { return make([]byte, mib<<20) }

// collectSparingly is for what runs long and keeps much. What it returns ends it.
func collectSparingly() (done func()) {
	// What a capture needs at once was measured as some 70 MiB and 35 MiB for each core. With this limit its garbage is
	// collected in time, whatever the size of the logs; it is no bound that could stop one.
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(72+56*runtime.GOMAXPROCS(0)) << 20)
	}
	return collectLate(ballastCapture, patientCapture, sparing)
}

// collectLate keeps the collector away from the start of a command. A setting
// of the environment stands. What it returns ends it.
func collectLate(mib, patient, later int) (done func()) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(patient)
		// Nobody holds this value, so the first collection finds it. It has a pointer: what has none may share its memory with others.
		runtime.AddCleanup(new(*byte), func(percent int) { debug.SetGCPercent(percent) }, later)
	}
	b := ballast(mib)
	return func() { runtime.KeepAlive(b) }
}

func run(args []string) int {
	env := query.NewEnv(os.Stdout, os.Stderr)
	status := query.Found
	root := &cobra.Command{Use: "stilltrace", SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2, Version: version()}
	root.SetVersionTemplate("{{.Version}}\n")
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return cmd.Help()
	}
	root.Args = cobra.ArbitraryArgs
	root.FParseErrWhitelist.UnknownFlags = true // of a command that is not known
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%s: %w%s: %s lists them", cmd.Name(), err, query.MeantFlag(cmd.Flags(), err), strings.Replace(cmd.CommandPath(), " ", " help ", 1))
	})
	own := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if text, ok := help(cmd); ok {
			fmt.Fprint(env.Stdout, text)
			return
		}
		own(cmd, args)
	})
	root.SetHelpCommand(&cobra.Command{Use: "help [COMMAND]", Short: "tell more about a command", RunE: func(_ *cobra.Command, args []string) error {
		if cmd, rest, err := root.Find(args); err == nil && (cmd != root || len(rest) == 0) {
			return cmd.Help()
		}
		return unknownCommand(root, args[0])
	}})
	for _, c := range commands() {
		cmd := &cobra.Command{Use: strings.TrimSpace(c.name + " " + c.args), Short: c.short}
		o := new(query.Options)
		switch c.name {
		case "snapshot":
			cmd.RunE = snapshotCommand(cmd.Flags(), args, &status)
		case "compact":
			cmd.RunE = compactCommand(cmd.Flags(), &status)
		case "version":
			cmd.Args = cobra.NoArgs
			cmd.RunE = func(*cobra.Command, []string) error { _, err := fmt.Println(version()); return err }
		default:
			c.flags(o, cmd.Flags())
			cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
				defer collectLate(ballastQuestion, patientQuestion, thrifty)()
				status, err = c.run(cmd.Context(), env, o, args)
				return err
			}
		}
		root.AddCommand(cmd)
	}
	root.SetArgs(query.Arguments(args))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// The first signal lets a command clear up, the second one ends it at once.
	context.AfterFunc(ctx, stop)
	if err := root.ExecuteContext(ctx); err != nil {
		if errors.Is(err, context.Canceled) {
			err = errors.New("interrupted")
		}
		fmt.Fprintln(os.Stderr, "stilltrace: "+printable.String(err.Error())+room(err))
		return int(max(status, query.Trouble))
	}
	return int(status)
}

// room is the next step where there is none left for what was to be written.
func room(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ": make room there, or write to another disk"
	case errors.Is(err, syscall.EFBIG):
		return ": ulimit -f may forbid it: raise that, or write to another file system"
	}
	return ""
}

func unknownCommand(root *cobra.Command, name string) error {
	if near := root.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("%s: no such command, did you mean %s?", name, strings.Join(near, " or "))
	}
	if strings.HasSuffix(name, ".db") {
		return fmt.Errorf("%s: a command comes first: stilltrace info %s", name, name)
	}
	return fmt.Errorf("%s: no such command: stilltrace help lists them", name)
}

// snapshotCommand declares the flags of snapshot and returns what runs it.
func snapshotCommand(f *pflag.FlagSet, args []string, status *query.Status) func(*cobra.Command, []string) error {
	o := snapshot.Options{Tool: "stilltrace " + release(), Args: args}
	f.StringVarP(&o.Output, "output", "o", "", "the case to write: `CASE.db`")
	f.BoolVar(&o.Append, "append", false, "add to the case of that name; make it where there is none")
	f.BoolVar(&o.Force, "force", false, "replace a case of that name; with --append, add to it although it is another host's")
	strict := f.Bool("strict", false, "exit status 3 where anything could not be seen")
	f.StringVar(&o.Proc, "proc", "", "read this procfs: `DIR` (default /proc of the root)")
	f.StringVar(&o.Root, "root", "", "read the file system mounted or copied to `DIR` (default /)")
	f.BoolVar(&o.NoLogs, "no-logs", false, "leave out the logs")
	exact := f.Bool("no-rotated", false, "read the named logs without their rotated siblings")
	f.BoolVar(&o.NoProc, "no-proc", false, "leave out processes and sockets")
	f.BoolVar(&o.NoHash, "no-hash", false, "leave out the SHA-256 of executables")
	f.BoolVar(&o.Environ, "environ", false, "keep the values of all environment variables, secrets too")
	f.BoolVar(&o.Resolve, "resolve", false, "ask the name service for the names of remote addresses")
	f.DurationVar(&o.Deadline, "deadline", 30*time.Second, "`TIME` that the state of the host may take: 10s, 2m (default 30s)")
	at := f.String("captured-at", "", "when a copied host was copied: `TIME` in RFC 3339 (default now)")
	return func(cmd *cobra.Command, logs []string) (err error) {
		defer collectSparingly()()
		if err := caseToWrite("snapshot", o.Output, ""); err != nil {
			return err
		}
		if o.Deadline <= 0 {
			return fmt.Errorf("--deadline %s: write how long the state of the host may take: 10s, 2m", o.Deadline)
		}
		if *at != "" {
			if o.CapturedAt, err = time.Parse(time.RFC3339, *at); err != nil {
				return fmt.Errorf("--captured-at %q is not a time: write 2026-11-23T04:05:06Z", *at)
			}
		}
		o.Rotated = !*exact
		if o.Logs = logs; term.IsTerminal(int(os.Stderr.Fd())) {
			o.Progress = snapshot.NewProgress(os.Stderr)
		}
		s, err := snapshot.Run(cmd.Context(), o)
		if err != nil {
			*status = query.StatusOf(err)
			return err
		}
		if *strict && s.Gaps > 0 {
			*status = query.NotWhole
		}
		return written(o.Output, s.Write(os.Stdout))
	}
}

// written says that the case is there although what was to be said of it could
// not be: the exit status is trouble all the same, as of every program whose
// output is lost.
func written(output string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: written and whole, but this summary of it could not be printed: %w", output, err)
}

// caseToWrite refuses what is no name of a case.
func caseToWrite(command, output, rest string) error {
	switch {
	case output == "":
		return fmt.Errorf("%s: no case to write: stilltrace %s%s -o CASE.db", command, command, rest)
	case !strings.HasSuffix(output, ".db"):
		return fmt.Errorf("%s: a case's name ends in .db: -o %s.db", output, output)
	}
	return nil
}

// compactCommand declares the flags of compact and returns what runs it.
func compactCommand(f *pflag.FlagSet, status *query.Status) func(*cobra.Command, []string) error {
	o := snapshot.CompactOptions{Tool: "stilltrace " + release()}
	f.StringVarP(&o.Output, "output", "o", "", "the case to write: `NEW.db`")
	f.BoolVar(&o.Force, "force", false, "replace a case of that name")
	f.BoolVar(&o.Reparse, "reparse", false, "parse the logs again")
	return func(cmd *cobra.Command, args []string) error {
		defer collectSparingly()()
		if len(args) != 1 {
			return errors.New("compact: takes one case: stilltrace compact CASE.db -o NEW.db")
		}
		if err := caseToWrite("compact", o.Output, " CASE.db"); err != nil {
			return err
		}
		if o.Case = args[0]; term.IsTerminal(int(os.Stderr.Fd())) {
			o.Progress = snapshot.NewProgress(os.Stderr)
		}
		c, err := snapshot.Compact(cmd.Context(), o)
		if err != nil {
			*status = query.StatusOf(err)
			return err
		}
		return written(o.Output, c.Write(os.Stdout))
	}
}

// help is the text of `stilltrace`, `stilltrace help ip` and `stilltrace ip
// --help`, from the command table.
func help(cmd *cobra.Command) (string, bool) {
	var b strings.Builder
	if !cmd.HasParent() {
		b.WriteString(about + "\nCommands:\n")
		for _, c := range commands() {
			fmt.Fprintf(&b, "  %-14s %s\n", c.name, c.short)
		}
		fmt.Fprintf(&b, "  %-14s %s\n\nstilltrace help COMMAND tells more.\n%s", "completion", "complete commands in bash, zsh, fish or powershell", exits)
		return b.String(), true
	}
	for _, c := range commands() {
		if cmd.Parent().HasParent() || c.name != cmd.Name() {
			continue
		}
		fmt.Fprintf(&b, "Usage: stilltrace %s\n\n%s\n", cmd.Use, sentence(c.short))
		section := func(title, text string) {
			if text != "" {
				fmt.Fprintf(&b, "%s%s\n", title, strings.TrimRight(text, "\n"))
			}
		}
		section("", c.long)
		section("\nExamples:\n", c.examples)
		if terms := query.TermHelp(c.name); terms != "" {
			section("\nTerms, which must all hold: field:value (* stands for any text, 8000-8999 for a\nrange of numbers), field~EXPRESSION (regular, RE2), -field:value to exclude, and\nwith >= <= > < for numbers and levels:\n", terms)
		}
		section("\nFlags:\n", query.FlagHelp(cmd.Flags()))
		section("\n", exits)
		return b.String(), true
	}
	return "", false
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// release is the version of the module, or what stands for it.
func release() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func version() string {
	text := "stilltrace " + release()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				text += ", revision " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				text += ", modified"
			}
		}
	}
	return fmt.Sprintf("%s, %s %s/%s", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
