package proc

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A tree is the same to its reader whether the kernel proves a name or is asked
// part by part.
func TestTree(t *testing.T) {
	dir := t.TempDir()
	craft(t, dir, map[string]any{
		"outside":              "secret",
		"tree/a/file":          "text",
		"tree/a/large":         strings.Repeat("x", 3*textRoom),
		"tree/usr/bin/tool":    "tool",
		"tree/bin":             link("usr/bin"),
		"tree/abs":             link("/a/file"),
		"tree/climbs":          link("../../../outside"),
		"tree/a/up":            link("../../usr"),
		"tree/top":             link("/"),
		"tree/round":           link("round"),
		"tree/dangling":        link("none/x"),
		"tree/a/fifo":          fifo{},
		"tree/chain":           link("chain2"),
		"tree/chain2":          link("/bin/../bin/tool"),
		"tree/a/through/file2": "2",
	})
	for _, old := range []bool{false, true} {
		tree, err := openTree(dir+"/tree", "/")
		require.NoError(t, err)
		defer tree.close()
		require.False(t, tree.old, "this kernel has openat2(2)")
		tree.old = old
		for _, c := range []struct {
			name, plain, text, link string
			err, linkErr            error
		}{
			{"a/file", "a/file", "text", "", nil, unix.EINVAL},
			{"a//./file", "a/file", "text", "", nil, unix.EINVAL},
			{"a/through/../file", "a/file", "text", "", nil, unix.EINVAL},
			{"bin/tool", "usr/bin/tool", "tool", "", nil, unix.EINVAL},
			{"abs", "a/file", "text", "/a/file", nil, nil},
			{"a/up/bin/tool", "usr/bin/tool", "tool", "", nil, unix.EINVAL},
			{"top/a/file", "a/file", "text", "", nil, unix.EINVAL},
			{"top/abs", "a/file", "text", "/a/file", nil, nil},
			{"chain", "usr/bin/tool", "tool", "chain2", nil, nil},
			{"climbs", "", "", "../../../outside", unix.ENOENT, nil},
			{"../outside", "", "", "", unix.ENOENT, unix.ENOENT},
			{"round", "", "", "round", unix.ELOOP, nil},
			{"dangling", "", "", "none/x", unix.ENOENT, nil},
			{"none", "", "", "", unix.ENOENT, unix.ENOENT},
			{"a/file/x", "", "", "", unix.ENOTDIR, unix.ENOTDIR},
			{"a/fifo", "a/fifo", "", "", errUnsupported, unix.EINVAL},
			{"a", "a", "", "", errUnsupported, unix.EINVAL},
			{"top", "", "", "/", errUnsupported, nil},
			{"", "", "", "", errUnsupported, unix.EINVAL},
		} {
			data, err := tree.read(c.name, 100)
			require.ErrorIs(t, err, c.err, "%q", c.name)
			require.Equal(t, c.text, string(data), "%q", c.name)
			plain, _, err := tree.resolve(c.name)
			if c.err != errUnsupported {
				require.ErrorIs(t, err, c.err, "%q", c.name)
			}
			require.Equal(t, c.plain, plain, "%q", c.name)
			target, err := tree.link(c.name)
			require.Equal(t, c.link, target, "%q", c.name)
			if c.linkErr != unix.EINVAL {
				require.ErrorIs(t, err, c.linkErr, "%q", c.name)
			} else {
				require.Error(t, err, "%q", c.name)
			}
		}
		large, err := tree.read("a/large", 2*textRoom)
		require.ErrorIs(t, err, errTooLarge)
		require.Len(t, large, 2*textRoom)
		large, err = tree.read("a/large", 3*textRoom)
		require.NoError(t, err)
		require.Len(t, large, 3*textRoom)
		for name, want := range map[string]string{"bin": "tool", "a/up/bin": "tool", "top/usr": "bin", "chain": "", "a/file": "", "a/fifo": ""} {
			f, err := tree.folder(name)
			if want == "" {
				require.ErrorIs(t, err, unix.ENOTDIR, "%q", name)
				continue
			}
			require.NoError(t, err, "%q", name)
			require.Equal(t, want, f.entries[0].Name(), "%q", name)
			require.Equal(t, "/"+name, f.at)
			f.close()
		}
		f, err := tree.open("abs")
		require.NoError(t, err)
		part := make([]byte, 3)
		n, err := f.ReadAt(part, 1)
		require.NoError(t, err)
		require.Equal(t, "ext", string(part[:n]))
		_, err = f.ReadAt(part, 3)
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, f.Close())
	}
}
