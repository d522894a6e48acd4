package proc

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestWatchedFiles(t *testing.T) {
	h, gaps := files(t, map[string]any{
		"etc/passwd":                           passwd,
		"etc/shadow":                           "root:$y$hash:1::::::\n",
		"etc/sudoers":                          "root ALL=(ALL) ALL\n",
		"etc/sudoers.d/evil":                   "ann ALL=(ALL) NOPASSWD: ALL\n",
		"etc/profile.d/off.sh":                 link("/dev/null"),
		"etc/profile.d/pipe.sh":                fifo{},
		"etc/udev/rules.d/10.rules":            link("../../../usr/lib/udev/10.rules"),
		"usr/lib/udev/10.rules":                "RUN+=\"/x\"\n",
		"etc/pam.d/huge":                       hole(maxNames + 1),
		"home/ann/.bashrc":                     "curl x | sh\n",
		"home/ann/.config/autostart/m.desktop": "[Desktop Entry]\n",
		"home/ann/.ssh/id_ed25519":             "secret",
	})
	got := map[string]index.WatchedFile{}
	for _, w := range h.Watched {
		got[w.Path] = w
	}
	sum := func(text string) string {
		s := sha256.Sum256([]byte(text))
		return hex.EncodeToString(s[:])
	}
	want := map[string]string{
		"/etc/shadow": "", "/etc/sudoers": sum("root ALL=(ALL) ALL\n"), "/etc/sudoers.d/evil": sum("ann ALL=(ALL) NOPASSWD: ALL\n"), "/etc/profile.d/off.sh": "",
		"/etc/udev/rules.d/10.rules": sum("RUN+=\"/x\"\n"), "/etc/pam.d/huge": "", "/home/ann/.bashrc": sum("curl x | sh\n"),
		"/home/ann/.config/autostart/m.desktop": sum("[Desktop Entry]\n"),
	}
	require.Len(t, got, len(want))
	for path, digest := range want {
		require.Contains(t, got, path)
		require.Equal(t, digest, got[path].SHA256, path)
	}
	require.Equal(t, "/dev/null", got["/etc/profile.d/off.sh"].Target)
	require.Nil(t, got["/etc/profile.d/off.sh"].File)
	require.EqualValues(t, 0o644, got["/etc/shadow"].File.Mode)
	require.Len(t, gaps, 1)
	require.Equal(t, index.ReasonTooLarge, gaps[0].Reason)
}
