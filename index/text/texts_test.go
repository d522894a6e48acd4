package text

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSkipTo looks for ends among random bytes, eight at a time and one by one.
func TestSkipTo(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const common = "abz-_./09AZ@%?=&:;<>[]{}(),'\" \t\x80\xff"
	for range 20000 {
		wide := make([]byte, 48)
		for i := range wide {
			if wide[i] = common[r.IntN(len(common))]; r.IntN(3) == 0 {
				wide[i] = byte(r.Uint32())
			} else if r.IntN(3) > 0 {
				wide[i] = 'x'
			}
		}
		wide[24] = '\n'
		for _, class := range []byte{endsPath, endsValue} {
			want := r.IntN(8)
			got := skipTo(class, wide, want)
			for classes[wide[want]]&class == 0 {
				want++
			}
			require.Equal(t, want, got, "%q", wide)
		}
	}
}

// TestDictionaryTellsTextsApart has texts that are alike in length and at their ends.
func TestDictionaryTellsTextsApart(t *testing.T) {
	var d dictionary
	d.reset()
	for range 2 {
		for n, text := range []string{"", "a", "aa", "0123456789abcdef", "0123456789abcdeg", "0123456789abcdefg", "1123456789abcdefg", "0123456789abcdef0123456789", "0123456789bbcdef0123456789"} {
			require.EqualValues(t, n, d.add(KindWord, []byte(text)))
			require.Equal(t, text, string(d.text(KindWord, uint32(n))))
		}
	}
	require.EqualValues(t, 0, d.add(KindPath, []byte("a")))
}

func TestKnownIPv4(t *testing.T) {
	const behind = "\n                               "
	var d dictionary
	d.reset()
	d.addIPv4([]byte("9.9.9.9"), 0x09090909)
	d.addIPv4([]byte("10.20.30.40"), 0x0A141E28)
	for _, c := range []struct {
		text string
		end  int
	}{{"10.20.30.40", 11}, {"10.20.30.40,", 11}, {"10.20.30.40:5", 11}, {"10.20.30.40.", 0}, {"10.20.30.40.5", 0}, {"10.20.30.40x", 0}, {"10.20.30.4", 0}, {"", 0}, {"1", 0}, {"1234567890123456789", 0}} {
		v, end := d.knownIPv4([]byte(c.text+behind), 0)
		require.Equal(t, c.end, end, c.text)
		require.Equal(t, end > 0, v == 1, c.text)
	}
}
