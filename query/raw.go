package query

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"stilltrace/index"
	"stilltrace/index/printable"
)

const (
	sums = "SHA256SUMS" // as sha256sum(1) reads it with -c
	// maxSegment is the longest file name that every file system takes (NAME_MAX), less room for a mark.
	maxSegment = 240
)

// exportRaw writes every log of the case under the directory -o. The list of
// sums is written last: a directory without it is not whole.
func (s *session) exportRaw() (Status, error) {
	dir := s.opt.Output
	if dir == "" {
		return Trouble, errors.New("export: --to raw needs a directory: -o DIR")
	}
	logs := s.reader.Logs(s.moment.ID)
	if len(logs) == 0 {
		s.env.say("%s: the case holds no logs", s.path)
		return Nothing, nil
	}
	made, err := prepareDir(dir, s.opt.Force)
	if err != nil {
		return Trouble, fmt.Errorf("%s: %w", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Trouble, fmt.Errorf("%s: %w", dir, bare(err))
	}
	defer root.Close()
	w := &rawWriter{session: s, root: root}
	if err := w.all(logs); err != nil {
		w.undo(dir, made)
		return StatusOf(err), fmt.Errorf("%s: %w", dir, err)
	}
	s.env.say("%s: %s written; prove them: cd %s && sha256sum -c %s", dir, printable.Counted(int64(len(logs)), "log", "logs"), shellQuote(dir), sums)
	return Found, nil
}

// prepareDir makes the directory, and reports whether it was not there before.
func prepareDir(dir string, force bool) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, bare(os.Mkdir(dir, 0o700))
	case err != nil:
		return false, bare(err)
	case len(entries) > 0 && !force:
		return false, errors.New("holds files already: name another directory, or --force to write among them")
	}
	return false, nil
}

// rawWriter writes logs under one directory and nowhere else: root follows no
// link that leads out of it.
type rawWriter struct {
	*session
	root    *os.Root
	written []string
}

func (w *rawWriter) all(logs []index.Log) error {
	names := safeNames(logs)
	var list strings.Builder
	for i := range logs {
		sum, err := w.one(names[i], &logs[i])
		if err != nil {
			return fmt.Errorf("%s: %w", names[i], err)
		}
		if want := logs[i].SHA256; sum != want {
			return fmt.Errorf("%s: its text has SHA-256 %s, not %s: %w", names[i], sum, want, index.ErrDamaged)
		}
		fmt.Fprintf(&list, "%s  %s\n", sum, names[i])
	}
	_, err := w.create(sums, func(out io.Writer) error {
		_, err := io.WriteString(out, list.String())
		return err
	})
	return err
}

func (w *rawWriter) one(name string, l *index.Log) (string, error) {
	if dir := path.Dir(name); dir != "." {
		if err := w.root.MkdirAll(dir, 0o700); err != nil {
			return "", bare(err)
		}
	}
	return w.create(name, func(out io.Writer) error { return w.reader.WriteLog(out, l) })
}

// create writes a file and returns the SHA-256 of what went into it.
func (w *rawWriter) create(name string, write func(io.Writer) error) (string, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if w.opt.Force {
		// A file that is there is replaced, not written into: another name may lead to the same file.
		if err := w.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", bare(err)
		}
	}
	f, err := w.root.OpenFile(name, flags, 0o600)
	if err != nil {
		return "", bare(err)
	}
	w.written = append(w.written, name)
	sum := sha256.New()
	out := bufio.NewWriterSize(f, 1<<20)
	err = write(io.MultiWriter(out, sum))
	if err == nil {
		err = out.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return hex.EncodeToString(sum.Sum(nil)), bare(err)
}

// undo removes what was written, and the directory where it was made for it.
func (w *rawWriter) undo(dir string, made bool) {
	if made {
		_ = os.RemoveAll(dir)
		return
	}
	for _, name := range w.written {
		_ = w.root.Remove(name)
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			_ = w.root.Remove(d) // fails, rightly, where something else lies in it
		}
	}
}

// safeNames gives each log a path of its own below a directory. Of several
// logs of one path the one that was met last has it: it is the one that the
// host called so.
func safeNames(logs []index.Log) []string {
	files := map[string]bool{sums: true}
	dirs := map[string]bool{}
	free := func(name string) bool {
		if files[name] || dirs[name] {
			return false
		}
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			if files[d] {
				return false
			}
		}
		return true
	}
	names := make([]string, len(logs))
	order := make([]int, len(logs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logs[b].Snapshot, logs[a].Snapshot) })
	for _, i := range order {
		src := &logs[i]
		name := safeName(src.Path)
		if src.Compression == "gzip" {
			name = strings.TrimSuffix(name, ".gz") // it is the text that is written
		}
		// A log that was cut or replaced has the path of the one after it, and names that differ on the host may be one here.
		if !free(name) {
			name = fmt.Sprintf("source-%d/%s", src.ID, name)
		}
		for n := 2; !free(name); n++ {
			name = fmt.Sprintf("source-%d-%d/log", src.ID, n)
		}
		files[name] = true
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			dirs[d] = true
		}
		names[i] = name
	}
	return names
}

// safeName makes of a captured path, which may be any bytes, a relative one
// that leads nowhere else: what a terminal, a shell or sha256sum would take
// for something else becomes %NN.
func safeName(captured string) string {
	var parts []string
	for part := range strings.SplitSeq(captured, "/") {
		if part == "" {
			continue
		}
		safe := escapePart(part)
		if safe == "." || safe == ".." || safe[0] == '-' || safe[0] == '~' {
			safe = fmt.Sprintf("%%%02x", safe[0]) + safe[1:]
		}
		if len(safe) > maxSegment {
			sum := sha256.Sum256([]byte(part))
			safe = strings.ToValidUTF8(safe[:maxSegment-20], "") + "..." + hex.EncodeToString(sum[:8])
		}
		parts = append(parts, safe)
	}
	if len(parts) == 0 {
		return "log"
	}
	return strings.Join(parts, "/")
}

func escapePart(part string) string {
	var b strings.Builder
	for i := 0; i < len(part); {
		_, n := utf8.DecodeRuneInString(part[i:])
		text := part[i : i+n]
		if printable.String(text) == text && !strings.ContainsAny(text, `%\`) {
			b.WriteString(text)
		} else {
			for _, c := range []byte(text) {
				fmt.Fprintf(&b, "%%%02x", c)
			}
		}
		i += n
	}
	return b.String()
}

// shellQuote quotes a word for a command line that is shown to be copied.
func shellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
