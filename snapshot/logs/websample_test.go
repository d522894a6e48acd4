package logs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestAccessGolden(t *testing.T) { testGolden(t, access) }

func TestNginxErrorGolden(t *testing.T) { testGolden(t, nginxError) }

func TestApacheErrorGolden(t *testing.T) { testGolden(t, apacheError) }

func TestPostgresGolden(t *testing.T) { testGolden(t, postgres) }

func TestRedisGolden(t *testing.T) { testGolden(t, redis) }

func TestPythonGolden(t *testing.T) { testGolden(t, python) }

// Each sample is recognised as what it is, among all formats.
func TestDetectSamples(t *testing.T) {
	for _, f := range []Format{access, nginxError, apacheError, postgres, redis, python} {
		files, err := filepath.Glob(filepath.Join(samples, f.Name, "*.log"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, name := range files {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, f.Name, detect(raw).Name, name)
		}
	}
}

// constants are the values that formats set where the text does not hold them.
var constants = [][]byte{serviceNginx, serviceApache, servicePostgres, serviceRedis, serviceGunicorn, loggerRequest, wordClient, wordLevel,
	redisRoles[0].name, redisRoles[1].name, redisRoles[2].name, redisRoles[3].name}

// checkParsed holds what must be true of every entry, whatever its bytes.
func checkParsed(t *testing.T, f Format, text []byte) {
	before := bytes.Clone(text)
	f.Starts(text)
	var e, again Entry
	ok := f.Parse(text, &e)
	require.Equal(t, ok, f.Parse(text, &again))
	require.Equal(t, before, text, "the text is not changed")
	if !ok {
		return
	}
	require.Equal(t, e, again, "the same text means the same")
	parts := [][]byte{e.Host, e.Service, e.User, e.Message, e.Variable}
	for _, field := range e.Fields {
		require.NotEmpty(t, field.Name)
		require.NotEmpty(t, field.Value, field.Name)
		parts = append(parts, field.Value)
	}
	for _, part := range parts {
		constant := false
		for _, c := range constants {
			constant = constant || len(part) > 0 && &part[0] == &c[0]
		}
		require.True(t, constant || within(text, part), "%q", part)
	}
	require.Less(t, int(e.Action), len(index.ActionNames()))
	require.GreaterOrEqual(t, e.PID, 0)
	if !e.Stamp.IsZero() {
		require.True(t, e.Stamp.valid(), "%+v", e.Stamp)
	}
}

// fuzzFormat starts from whole entries of the samples.
func fuzzFormat(f *testing.F, format Format, seeds ...string) {
	files, err := filepath.Glob(filepath.Join(samples, format.Name, "*.log"))
	require.NoError(f, err)
	for _, name := range files {
		raw, err := os.ReadFile(name)
		require.NoError(f, err)
		eachEntry(raw, format.Starts, func(start, end, _ int) { f.Add(bytes.Clone(raw[start:end])) })
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkParsed(t, format, text) })
}

func FuzzAccess(f *testing.F) { fuzzFormat(f, access, `a:1 b - x [23/Nov/2026:02:41:14 +0000] "" - -`) }

func FuzzNginxError(f *testing.F) {
	fuzzFormat(f, nginxError, `2026/11/23 02:41:14 [error] 1#1: *3 open() "/a, client: 192.0.2.1, server: x" failed (2: x), client: 192.0.2.2, server: s`)
}

func FuzzApacheError(f *testing.F) {
	fuzzFormat(f, apacheError, `[Mon Nov  2 02:41:19 2026] [error] [client 192.0.2.1] x, referer: y`)
}

func FuzzPostgres(f *testing.F) { fuzzFormat(f, postgres, "LOG:  \n\tDETAIL:  \nDETAIL:  ") }

func FuzzRedis(f *testing.F) { fuzzFormat(f, redis, "[8] 29 Feb 02:31:39 # x") }

func FuzzPython(f *testing.F) {
	fuzzFormat(f, python, "[2026-11-23 02:31:39,123: ERROR/MainProcess] x\nTraceback (most recent call last):\n\nKeyError")
}

func FuzzPlain(f *testing.F) { fuzzFormat(f, plain, "[2026-11-23 02:31:39] [error] x", "WARN: y") }

// benchFormat parses the entries of a sample again and again, with the memory
// of one entry, as the reader of a file does.
func benchFormat(b *testing.B, format Format, name string) {
	raw, err := os.ReadFile(filepath.Join(samples, format.Name, name))
	require.NoError(b, err)
	var entries [][]byte
	eachEntry(raw, format.Starts, func(start, end, _ int) { entries = append(entries, raw[start:end]) })
	var e Entry
	b.ReportAllocs()
	b.SetBytes(int64(len(raw) / len(entries)))
	b.ResetTimer()
	for i := range b.N {
		e = Entry{Entry: index.Entry{IPs: e.IPs[:0], Fields: e.Fields[:0]}}
		text := entries[i%len(entries)]
		format.Starts(text)
		format.Parse(text, &e)
	}
}

func BenchmarkAccess(b *testing.B)      { benchFormat(b, access, "nginx_combined.log") }
func BenchmarkNginxError(b *testing.B)  { benchFormat(b, nginxError, "error.log") }
func BenchmarkApacheError(b *testing.B) { benchFormat(b, apacheError, "error.log") }
func BenchmarkPostgres(b *testing.B)    { benchFormat(b, postgres, "debian.log") }
func BenchmarkRedis(b *testing.B)       { benchFormat(b, redis, "redis.log") }
func BenchmarkPython(b *testing.B)      { benchFormat(b, python, "django_pid.log") }
