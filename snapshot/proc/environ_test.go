package proc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Secrets have names that begin like those of the linker, of ssh and of shells.
func TestEnvironmentHoldsNoSecret(t *testing.T) {
	for _, name := range []string{"LD_SDK_KEY", "LD_ACCESS_TOKEN", "SSH_PRIVATE_KEY", "SSH_PASSWORD", "SSH_KEY_PASSPHRASE", "SSHPASS", "HISTORIAN_TOKEN", "PATH2", "ld_preload"} {
		vars := parseEnviron([]byte(name+"=secret\x00"), false, nil)
		require.Len(t, vars, 1)
		require.Nil(t, vars[0].Value, name)
	}
	for _, name := range []string{"LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "SSH_CONNECTION", "SSH_CLIENT", "SSH_ORIGINAL_COMMAND", "HISTFILE", "HISTSIZE", "PATH"} {
		vars := parseEnviron([]byte(name+"=value\x00"), false, nil)
		require.Len(t, vars, 1)
		require.Equal(t, ptr("value"), vars[0].Value, name)
	}
	for url, want := range map[string]string{
		"http://me:secret@proxy:3128": "http://…@proxy:3128", "me:secret@proxy": "…@proxy", "http://proxy:3128/": "http://proxy:3128/", "socks5h://a:b@c@proxy": "socks5h://…@proxy",
	} {
		vars := parseEnviron([]byte("https_proxy="+url+"\x00"), false, nil)
		require.Equal(t, want, *vars[0].Value)
	}
}
