package logs

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func BenchmarkFail2ban(b *testing.B) { benchFormat(b, fail2ban, "fail2ban.log") }

// benchText is the sample of a format again and again, to some megabytes.
func benchText(b *testing.B, path string) []byte {
	raw, err := os.ReadFile(filepath.Join(samples, path))
	require.NoError(b, err)
	return bytes.Repeat(raw, 1+(4<<20)/len(raw))
}

// BenchmarkChunks cuts a text where entries begin.
func BenchmarkChunks(b *testing.B) {
	for _, c := range []struct {
		format Format
		path   string
	}{{syslog, "syslog/rfc3164.log"}, {postgres, "postgres/debian.log"}, {python, "python/django_pid.log"}} {
		b.Run(c.format.Name, func(b *testing.B) {
			text := benchText(b, c.path)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var last chunk
				for chunks, more := newChunker(bytes.NewReader(text), c.format.Starts), true; more; {
					last, more = chunks.next(last.buf)
				}
			}
		})
	}
}

// BenchmarkIngest reads logs of several formats into a case, on all cores.
func BenchmarkIngest(b *testing.B) {
	root, size := b.TempDir(), 0
	for name, path := range map[string]string{
		"auth.log": "syslog/rfc3164.log", "access.log": "access/nginx_combined.log", "error.log": "nginx_error/error.log",
		"postgresql.log": "postgres/debian.log", "fail2ban.log": "fail2ban/fail2ban.log", "django.log": "python/django_pid.log",
	} {
		text := benchText(b, path)
		size += len(text)
		require.NoError(b, os.WriteFile(filepath.Join(root, name), text, 0o644))
	}
	f, err := NewFinder(root, func(fs.FileInfo) bool { return false }, func(index.Gap) {})
	require.NoError(b, err)
	defer f.Close()
	files, err := f.Find([]string{"/"}, false)
	require.NoError(b, err)
	path := filepath.Join(b.TempDir(), "case.db")
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		w, err := index.Create(path, index.CreateOptions{Force: true})
		require.NoError(b, err)
		require.NoError(b, f.Ingest(context.Background(), files, w, Options{Zone: time.UTC, Captured: captured}))
		_, err = w.Commit(index.Snapshot{})
		require.NoError(b, err)
	}
}
