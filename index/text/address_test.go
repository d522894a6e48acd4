package text

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestParseIPv4 holds what is found against net/netip, which knows the same form.
func TestParseIPv4(t *testing.T) {
	parts := []string{"0", "1", "9", "10", "99", "100", "199", "255", "256", "999", "00", "01", "001", "1000", "", "a", "1a"}
	for _, a := range parts {
		for _, b := range parts {
			for _, rest := range []string{"3.4", "0.0", "255.255", "255.256", "3", "3.", "3.4.", "3.4.5", "3.4a", "3.45x", "3.4 5", "3.4:5", "3.4/5"} {
				in := a + "." + b + "." + rest
				form := strings.TrimSuffix(strings.FieldsFunc(in, func(r rune) bool { return strings.ContainsRune(" :/", r) })[0], ".")
				want, err := netip.ParseAddr(form)
				ip, end := parseIPv4([]byte(in+"\n"+strings.Repeat(" ", margin)), 0)
				if err != nil || !want.Is4() || strings.Contains(in, "3.4.5") {
					require.Zero(t, end, in)
					continue
				}
				four := want.As4()
				require.Equal(t, binary.BigEndian.Uint32(four[:]), ip, in)
				require.Equal(t, len(form), end, in)
			}
		}
	}
}
