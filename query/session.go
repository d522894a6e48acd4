package query

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"stilltrace/index"
	"stilltrace/query/render"
)

// session is one command at work on one case.
type session struct {
	env    *Env
	opt    *Options
	format render.Format
	zone   *time.Location
	reader *index.Reader
	path   string // of the case, as typed
	moment *index.Moment
	snap   *index.Snapshot // whole, once it was asked for
	words  []string
	query  index.Query
}

// open opens the case that args name. What is left of them are the words of
// the question.
func open(ctx context.Context, env *Env, o *Options, args []string) (s *session, err error) {
	format, err := o.check()
	if err != nil {
		return nil, err
	}
	c, words, err := split(args)
	if err != nil {
		return nil, err
	}
	if o.Output != "" {
		if err := writable(o.Output, o.Force); err != nil {
			return nil, err
		}
		file := *env
		file.Width, file.Screen = widest, false
		env = &file
	}
	r, err := index.Open(c.path)
	if err != nil {
		return nil, err
	}
	r.Bind(ctx)
	defer func() {
		if err != nil {
			_ = r.Close()
		}
	}()
	m, err := r.Moment(c.snapshot)
	if err != nil {
		return nil, err
	}
	s = &session{env: env, opt: o, format: format, reader: r, path: c.path, moment: m, words: words}
	s.query.Snapshot = m.ID
	if s.zone, err = zone(o.Zone, &m.Host.Timezone); err != nil {
		return nil, err
	}
	s.query.Since, s.query.Until, err = o.window(s.zone, m.End.Realtime)
	return s, err
}

// whole reads all that the snapshot says of the host.
func (s *session) whole() (err error) {
	s.snap, err = s.reader.Snapshot(s.moment.ID)
	return err
}

// ask opens the case and reads the terms of the question.
func ask(ctx context.Context, env *Env, o *Options, args []string, command string, fields func(*index.Reader) []index.FieldSpec, word subject) (*session, error) {
	s, err := open(ctx, env, o, args)
	if err != nil {
		return nil, err
	}
	if s.query.Terms, err = parseTerms(s.words, command, fields(s.reader), word); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// noWords refuses words of a command that asks nothing.
func (s *session) noWords(command string) error {
	if len(s.words) > 0 {
		return fmt.Errorf("%s: %s takes a case and no terms", s.words[0], command)
	}
	return nil
}

// momentary says that times do not limit what the snapshot saw at its moment.
func (s *session) momentary(what string) {
	if s.query.Since != 0 || s.query.Until != 0 {
		s.env.say("--since and --until are for events: these are the %s at the moment of the snapshot", what)
	}
}

func (s *session) close() { _ = s.reader.Close() }

func (s *session) limit() int { return s.opt.limit(s.format, s.env.Screen) }

// print writes the answer and says on stderr where there is none.
func (s *session) print(a *render.Answer) (Status, error) {
	style := render.Style{Width: s.env.Width, Screen: s.env.Screen, Zone: s.zone}
	style.Color = s.opt.Color == "always" || s.opt.Color == "auto" && s.opt.Output == "" && s.env.Terminal
	var rows int64
	err := s.env.writeOutput(s.opt.Output, s.opt.Force, func(w io.Writer) (err error) {
		rows, err = s.format.Write(w, a, style)
		return err
	})
	if err != nil {
		return StatusOf(err), err
	}
	if rows > 0 {
		return Found, nil
	}
	if !s.format.Program {
		s.sayNothing(a.Main.One)
	}
	return Nothing, nil
}

// sayNothing says that nothing was found, and what may be the reason: unknown
// is not absent.
func (s *session) sayNothing(what string) {
	asked := ""
	for i, t := range s.query.Terms {
		if i > 0 {
			asked += " "
		} else {
			asked = " for "
		}
		asked += t.String()
	}
	hint := ""
	if s.moment.Counts.Gaps > 0 {
		hint = fmt.Sprintf(", in what could be seen; what could not: stilltrace info %s", s.path)
	}
	s.env.say("%s: no %s%s%s", s.path, what, asked, hint)
}

// sayAll says each of the notes that an answer without rows has no place for.
func (s *session) sayAll(notes []string) {
	for _, n := range notes {
		s.env.say("%s", n)
	}
}

// valueOf is what counts by some properties have as rows.
func valueOf(by []string) string { return "value of " + strings.Join(by, " or ") }
