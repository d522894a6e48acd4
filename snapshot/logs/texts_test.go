package logs

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index/text"
)

func TestExamine(t *testing.T) {
	for _, tt := range []struct {
		text       string
		word, path uint8 // what it is found to be, as a quoted text and as a path
	}{
		{"", textOdd, 0},
		{"-", textOdd | textStrange, textStrange},
		{"--", textOdd, 0},
		{"---", 0, 0},
		{"deploy", 0, 0},
		{"debug1", 0, 0},
		{"Error", textOdd, textOdd},
		{"unknown", textOdd, textOdd},
		{"/index.php", 0, 0},
		{"/a?b=c&d#e", textOdd, 0},
		{"/a b", textOdd, textOdd},
		{"/a:b", textOdd, textOdd},
		{`\x16\x03`, textStrange, textStrange},
		{"a\x7f", textStrange, textStrange},
		{"caf\xc3\xa9", 0, 0},
		{"/from/203.0.113.9", textNames, textNames},
		{"Chrome/136.0.0.0", 0, 0},
		{"1.2.3", 0, 0},
		{"[2001:db8::9]:443", textOdd | textNames, textOdd | textNames},
		{"02:42:53", textOdd, textOdd},
	} {
		require.Equal(t, tt.word, examine(text.KindQuoted, []byte(tt.text)), "%q", tt.text)
		require.Equal(t, tt.path, examine(text.KindPath, []byte(tt.text)), "%q as a path", tt.text)
	}
}

// TestShortest holds the bound of a variable against the digits before its point.
func TestShortest(t *testing.T) {
	for _, tt := range []struct {
		written string
		want    uint64
	}{
		{"7", 1e9}, {"123456789", 1e9}, {"0.5", 1e10}, {"155814.938943", 1e15}, {"1.123456789", 1e18}, {"1.12345678901234", 1e18},
	} {
		require.Equal(t, tt.want, shortest([]byte(tt.written)), tt.written)
	}
}
