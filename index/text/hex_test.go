package text

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHexAt(t *testing.T) {
	const digits, lower, upper = "0123456789012345", "abcdefabcdefabcd", "ABCDEFABCDEFABCD"
	behind := strings.Repeat("f", margin)
	for _, all := range []string{digits, lower, upper, lower[:8] + digits[:8], digits[:8] + upper[:8], lower[:8] + upper[:8]} {
		for n := 1; n <= maxHex; n++ {
			in := all[maxHex-n:]
			t.Run(fmt.Sprint(all, n), func(t *testing.T) {
				want, err := strconv.ParseUint(in, 16, 64)
				require.NoError(t, err)
				seen := byte(0)
				for _, c := range []byte(in) {
					seen |= classes[c] & isHex
				}
				v, got := hexAt([]byte(in+behind), 0, n)
				require.Equal(t, want, v)
				require.Equal(t, seen, got)
				for i := range n {
					for _, c := range []byte("/:@Gg`\x00\xb1\xe1\xff") {
						odd := []byte(in + behind)
						odd[i] = c
						_, got := hexAt(odd, 0, n)
						require.NotZero(t, got&isNoHex, "%q", odd[:n])
					}
				}
			})
		}
	}
}
