package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"unicode/utf16"
	"unicode/utf8"

	"stilltrace/index/printable"
)

func writeJSON(w io.Writer, a *Answer, s Style) (int64, error) {
	if a.Stream != "" {
		return writeStream(w, a)
	}
	b, err := encode(a.Value, "", "  ")
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(b); err != nil {
		return 0, err
	}
	// The rows of the answer were not walked; whether there are any is asked of the first.
	for _, err := range a.Main.Rows {
		return 1, err
	}
	return 0, nil
}

// writeStream prints the records one after the other as one member of an
// object, so that an answer of any size needs the memory of one record.
func writeStream(w io.Writer, a *Answer) (n int64, err error) {
	head, tail, indent, err := around(a)
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(head); err != nil {
		return 0, err
	}
	enc := newEncoder("    ", indent)
	for rec, err := range a.records() {
		if err != nil {
			return n, err
		}
		b, err := enc.encode(rec)
		if err != nil {
			return n, err
		}
		lead := ",\n    "
		if n == 0 {
			lead = "\n    "
		}
		if _, err := fmt.Fprintf(w, "%s%s", lead, bytes.TrimRight(b, "\n")); err != nil {
			return n, err
		}
		n++
	}
	if n > 0 || a.Value == nil {
		tail = append([]byte("\n  "), tail...)
	}
	_, err = w.Write(tail)
	return n, err
}

// around is what stands before and behind the records, and how these are
// indented: those of a Value as the rest of it, others are one line each.
func around(a *Answer) (head, tail []byte, indent string, err error) {
	if a.Value == nil {
		// Both are words of ours: %q writes them as JSON does.
		return fmt.Appendf(nil, "{\n  \"schema\": %q,\n  %q: [", a.Schema, a.Stream), []byte("]\n}\n"), "", nil
	}
	b, err := encode(a.Value, "", "  ")
	if err != nil {
		return nil, nil, "", err
	}
	// No text within the value has a newline of its own, so only the member begins a line with two blanks and its name.
	open := fmt.Appendf(nil, "\n  %q: [", a.Stream)
	i := bytes.Index(b, append(open, ']'))
	if i < 0 {
		return nil, nil, "", fmt.Errorf("json: no empty list %q to put the records into", a.Stream)
	}
	i += len(open)
	return b[:i], b[i:], "  ", nil
}

func writeJSONL(w io.Writer, a *Answer, s Style) (n int64, err error) {
	enc := newEncoder("", "")
	for rec, err := range a.records() {
		if err != nil {
			return n, err
		}
		b, err := enc.encode(rec)
		if err != nil {
			return n, err
		}
		if _, err := w.Write(b); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (a *Answer) records() iter.Seq2[any, error] {
	if a.Records != nil {
		return a.Records
	}
	return func(yield func(any, error) bool) {
		for r, err := range a.Main.Rows {
			if !yield(r.Record, err) {
				return
			}
		}
	}
}

// encode returns v as JSON, as an encoder does.
func encode(v any, prefix, indent string) ([]byte, error) {
	return newEncoder(prefix, indent).encode(v)
}

// encoder writes values as JSON into memory that one uses after the other.
type encoder struct {
	b    bytes.Buffer
	json *json.Encoder
}

func newEncoder(prefix, indent string) *encoder {
	e := &encoder{}
	e.json = json.NewEncoder(&e.b)
	e.json.SetEscapeHTML(false)
	if indent != "" {
		e.json.SetIndent(prefix, indent)
	}
	return e
}

// encode returns v as JSON with a newline, its lines behind the prefix, valid
// until the next value. Bytes that are not UTF-8 become U+FFFD. What a terminal
// would act on is written \uNNNN: JSON itself escapes only the first 32
// characters, and people do look at JSON.
func (e *encoder) encode(v any) ([]byte, error) {
	e.b.Reset()
	if err := e.json.Encode(v); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	return escapeUnprintable(e.b.Bytes()), nil
}

// escapeUnprintable escapes characters that printable would escape. In JSON,
// DEL and characters beyond ASCII stand within strings only.
func escapeUnprintable(b []byte) []byte {
	i := 0
	for i < len(b) && b[i] < 0x7f {
		i++
	}
	if i == len(b) {
		return b
	}
	out := append(make([]byte, 0, len(b)+16), b[:i]...)
	for i < len(b) {
		if b[i] < 0x7f {
			out = append(out, b[i])
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if text := string(b[i : i+n]); printable.String(text) == text {
			out = append(out, text...)
		} else if r <= 0xffff {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		}
		i += n
	}
	return out
}
