package printable

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumbersForAPerson(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", -999: "-999", 1 << 62: "4,611,686,018,427,387,904"} {
		require.Equal(t, want, Grouped(n))
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1048575: "1.0 MiB", 1 << 40: "1.0 TiB", 1<<63 - 1: "8.0 EiB", -2048: "-2.0 KiB"} {
		require.Equal(t, want, Size(n))
	}
	for n, want := range map[int64]string{0: "0.00 s", 250: "0.25 s", 59_994: "59.99 s", 59_999: "0m59s", 60_000: "1m00s", 3_599_999: "59m59s",
		7_380_000: "2h03m", 446_400_000: "5d04h", -250: "-0.25 s", 1<<63 - 1: "106,751,991,167d07h", -1 << 63: "-106,751,991,167d07h"} {
		require.Equal(t, want, Span(n))
	}
}
