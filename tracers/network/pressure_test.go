package network

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseRange(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{"32768\t60999", 28232}, {"1024 65535", 64512}, {"5 5", 1}, {"", usualPorts}, {"5", usualPorts}, {"9 5", usualPorts}, {"a b", usualPorts},
		{"1 2 3", usualPorts}, {"1 70000", usualPorts}, {"-1 5", usualPorts},
	} {
		require.Equal(t, c.want, parseRange(c.text), c.text)
	}
}
