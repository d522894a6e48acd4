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
	if a.Value == nil {
		return writeStream(w, a)
	}
	b, err := encode(a.Value, "  ")
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
	// Both are words of ours: %q writes them as JSON does.
	if _, err := fmt.Fprintf(w, "{\n  \"schema\": %q,\n  %q: [", a.Schema, a.Stream); err != nil {
		return 0, err
	}
	for rec, err := range a.records() {
		if err != nil {
			return n, err
		}
		b, err := encode(rec, "")
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
	_, err = io.WriteString(w, "\n  ]\n}\n")
	return n, err
}

func writeJSONL(w io.Writer, a *Answer, s Style) (n int64, err error) {
	for rec, err := range a.records() {
		if err != nil {
			return n, err
		}
		b, err := encode(rec, "")
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

// encode returns v as JSON with a newline. Bytes that are not UTF-8 become
// U+FFFD. What a terminal would act on is written \uNNNN: JSON itself escapes
// only the first 32 characters, and people do look at JSON.
func encode(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	return escapeUnprintable(b.Bytes()), nil
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
