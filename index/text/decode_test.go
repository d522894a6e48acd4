package text

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOneText looks for a text without reading more than the page that holds it.
func TestOneText(t *testing.T) {
	var e Encoder
	var d Decoder
	var text []byte
	for i := range 20_000 {
		text = fmt.Appendf(text, "user u%d saw /p/%d of \"w %c%d\" from 10.0.%d.%d\n", i, i, 'a'+i%26, i, i/256, i%256)
	}
	s := pack(&e, text)
	asked := map[int]int{}
	require.NoError(t, d.Open(s.shared[0], s.shared[1], s.shared[2], func(i int) ([]byte, error) {
		asked[i]++
		return s.shared[i+3], nil
	}, len(text)))
	require.NoError(t, d.Block(s.blocks[0]))
	require.Empty(t, asked)
	for range 2 {
		for k, want := range map[Kind]string{KindUser: "u777", KindPath: "/p/777", KindQuoted: "w x777", KindIPv4: "\x0a\x00\x03\x09"} {
			got, err := d.Text(k, 777)
			require.NoError(t, err)
			require.Equal(t, want, string(got))
		}
		require.LessOrEqual(t, len(asked), 6, "a page each for the user and the quoted text, three parts and a page for the path")
		for i, n := range asked {
			require.Equal(t, 1, n, "part %d", i)
		}
	}
	require.Greater(t, d.Parts(), 100)
	_, err := d.Text(KindUser, 20_000)
	require.ErrorIs(t, err, ErrDamaged)
}

func TestDecodeLimit(t *testing.T) {
	text := sample(500)
	var e Encoder
	var d Decoder
	s := pack(&e, text)
	for _, limit := range []int{0, 1, len(text) / 2, len(text) - 1} {
		_, err := s.text(&d, 0, limit)
		require.ErrorIs(t, err, ErrDamaged)
	}
	back, err := s.text(&d, 0, len(text))
	require.NoError(t, err)
	require.Equal(t, string(text), string(back))
}

func TestDecodeDamaged(t *testing.T) {
	text := halves(sample(60))
	var e Encoder
	var d Decoder
	s := pack(&e, text...)
	limit := 2 * len(text[0])
	try := func(p *[]byte, i int) {
		good := *p
		for n := range good {
			*p = good[:n]
			_, err := s.text(&d, i, limit)
			require.Error(t, err, "cut at %d", n)
			*p = bytes.Clone(good)
			(*p)[n] ^= 1 << (n % 8)
			back, err := s.text(&d, i, limit)
			require.LessOrEqual(t, len(back), limit)
			if err != nil {
				require.ErrorIs(t, err, ErrDamaged)
			}
		}
		*p = append(bytes.Clone(good), 0)
		_, err := s.text(&d, i, limit)
		if len(good) > 0 {
			require.Error(t, err)
		}
		*p = good
	}
	for i := range s.blocks {
		for j := range s.blocks[i] {
			try(&s.blocks[i][j], i)
		}
	}
	for i := range s.shared[:3] {
		try(&s.shared[i], 0)
	}
	roundTrip(t, &e, &d, text[0])
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(sample(20))
	f.Add([]byte("a\x00\x0b\n\"user 1\":/x=2001:db8::1 0x1f 1.500\n"))
	f.Add([]byte("/all/of/it"))
	var e Encoder
	var d Decoder
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < testLimit {
			roundTrip(t, &e, &d, text)
		}
	})
}

// FuzzDecode reads what may come from anybody: the parts of a segment of one
// block, one after the other, each with its length.
func FuzzDecode(f *testing.F) {
	var e Encoder
	var d Decoder
	for _, text := range [][]byte{sample(20), []byte("a 1\na 2\n\nuser x\n"), []byte("see /a/b and /a/c1\n")} {
		s := pack(&e, text)
		var b []byte
		for _, part := range append(s.blocks[0][:], s.shared...) {
			b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1 << 16
		var parts [][]byte
		for r := (reader{b: b}); len(r.b) > 0; {
			parts = append(parts, r.bytes(r.uint()))
		}
		if len(parts) < BlockParts+3 {
			return
		}
		s := segment{[][BlockParts][]byte{[BlockParts][]byte(parts)}, parts[BlockParts:]}
		if s.open(&d, limit) != nil {
			return
		}
		if d.Block(s.blocks[0]) != nil {
			for _, size := range []int{0, 100, limit} {
				_, err := d.AppendBlock(nil, s.blocks[0], size)
				require.Error(t, err)
			}
			return
		}
		size := d.Start(d.Lines())
		require.LessOrEqual(t, size, limit)
		var lines []byte
		whole := true
		for i := range d.Lines() {
			l := d.Line(i)
			text, err := d.AppendMarks(nil, i, &l)
			if err != nil {
				whole = false
				continue
			}
			lines = append(lines, text...)
			if d.End(i) < d.Start(i+1) {
				lines = append(lines, '\n')
			}
			require.Equal(t, d.End(i)-d.Start(i), len(text))
			for _, m := range l.Marks {
				require.LessOrEqual(t, m.Start, m.End)
				require.LessOrEqual(t, int(m.End), len(text))
			}
		}
		text, err := d.AppendBlock(nil, s.blocks[0], size)
		require.Equal(t, whole, err == nil)
		if whole {
			require.Equal(t, string(lines), string(text))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	text := sample(1000)
	var e Encoder
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	e.Reset()
	for b.Loop() {
		e.Scan(text)
		e.Pack()
	}
}

func BenchmarkScan(b *testing.B) {
	text := sample(1000)
	var e Encoder
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	e.Reset()
	for b.Loop() {
		e.Scan(text)
	}
}

// BenchmarkOpen opens a segment for one of its blocks.
func BenchmarkOpen(b *testing.B) {
	text := sample(1000)
	var e Encoder
	var d Decoder
	s := pack(&e, text)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.open(&d, len(text)); err != nil {
			b.Fatal(err)
		}
		if err := d.Block(s.blocks[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	text := sample(1000)
	var e Encoder
	var d Decoder
	s := pack(&e, text)
	require.NoError(b, s.open(&d, len(text)))
	b.Run("columns", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Block(s.blocks[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("lines", func(b *testing.B) {
		var out []byte
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Block(s.blocks[0]); err != nil {
				b.Fatal(err)
			}
			out = out[:0]
			for i := range d.Lines() {
				var err error
				if out, err = d.AppendLine(out, i); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("text", func(b *testing.B) {
		var out []byte
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if out, err = d.AppendBlock(out[:0], s.blocks[0], len(text)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
