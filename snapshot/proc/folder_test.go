package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestFolderLines(t *testing.T) {
	long := strings.Repeat("x", lineRoom)
	for _, c := range []struct {
		name, text string
		limit      int
		want       []string
		err        error
	}{
		{"empty", "", 100, nil, nil},
		{"whole", "a\n\nb\n", 100, []string{"a", "", "b"}, nil},
		{"no newline at the end", "a\nb", 100, []string{"a", "b"}, nil},
		{"over the limit", "a\nb\n", 3, nil, errTooLarge},
		{"a long line", "a\n" + long + long + "y\nb\n", 1 << 20, []string{"a", "b"}, nil},
		{"a long line at the end", "a\n" + long + "y", 1 << 20, []string{"a"}, nil},
		{"many pieces", strings.Repeat(long[:lineRoom/3]+"\n", 7), 1 << 20, strings.Split(strings.Repeat(long[:lineRoom/3]+" ", 7)[:7*(lineRoom/3+1)-1], " "), nil},
		{"as long as the room", long[1:] + "\nb\n", 1 << 20, []string{long[1:], "b"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			craft(t, dir, map[string]any{"d/list": c.text})
			tree, err := openTree(dir, "/")
			require.NoError(t, err)
			defer tree.close()
			f, err := tree.folder("d")
			require.NoError(t, err)
			defer f.close()
			var got []string
			err = f.lines(f.entries[0], c.limit, func(line []byte) bool { got = append(got, string(line)); return true })
			require.Equal(t, c.err, err)
			require.Equal(t, c.want, got)
			calls := 0
			_ = f.lines(f.entries[0], c.limit, func([]byte) bool { calls++; return false })
			require.Equal(t, min(len(c.want), 1), calls)
		})
	}
}

// Of a directory with more entries than are kept, the case says so.
func TestFolderOfTooMany(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "etc/cron.d")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for i := range maxEntries {
		// A cron that runs as usual passes over names with a point.
		require.NoError(t, os.Symlink("/", filepath.Join(dir, fmt.Sprintf("%d.x", i))))
	}
	gaps := func() (of []string) {
		o := Options{Root: root}
		h := ReadHost(o, func(index.Gap) {})
		ReadFiles(o, &h, func(g index.Gap) {
			if g.Place == "/etc/cron.d" {
				of = append(of, fmt.Sprint(g.Reason, ": ", g.Detail))
			}
		})
		return of
	}
	require.Empty(t, gaps(), "as many as are kept")
	require.NoError(t, os.Symlink("/", filepath.Join(dir, "more.x")))
	require.Equal(t, []string{"too_large: larger than the limit: all but 20000 of its entries were left out"}, slices.Compact(gaps()), "one more")
}
