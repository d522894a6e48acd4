package query

import (
	"bytes"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// The packet filter of a host and of a container: read by eye.
func TestFilterLists(t *testing.T) {
	path := routed(t)
	for _, c := range []struct {
		name  string
		width int
		args  []string
		want  string
	}{
		{"rules", 80, []string{"rules"}, `
NAMESPACE  TABLE        CHAIN   NR  RULE
host       inet filter  input    1  ct state established,related accept
host       inet filter  input    2  ip saddr @banned counter drop
host       inet filter  input    3  tcp dport { 22, 80 } comment "from \x1b[2J
                                    anywhere" accept
shop       ip nat       DOCKER   1  tcp dport 80 dnat to 10.0.0.2:8080

4 rules
`},
		{"rules, wide", 130, []string{"rules", "--sort", "namespace", "--limit", "2"}, `
NAMESPACE  TABLE        CHAIN  HOOK     POLICY  NR  RULE
host       inet filter  input  input 0  drop     1  ct state established,related accept
host       inet filter  input  input 0  drop     2  ip saddr @banned counter drop

2 of 4 rules; --limit 0 shows all
`},
		{"rules for a program", 0, []string{"rules", "--format", "jsonl", "--limit", "1"}, `
{"netns":4026531840,"namespace":"host","family":"inet","table":"filter","chain":"input","hook":"input","policy":"drop","number":1,"rule":"ct state established,related accept"}
`},
		{"sets", 100, []string{"sets"}, `
NAMESPACE  TABLE        SET     ELEMENT          KEY
host       inet filter  banned  198.51.100.0/24  ipv4_addr
host       inet filter  banned  203.0.113.7      ipv4_addr

2 elements
`},
		{"sets for a table", 0, []string{"sets", "--format", "csv"}, `
namespace,table,set,element,key
host,inet filter,banned,198.51.100.0/24,ipv4_addr
host,inet filter,banned,203.0.113.7,ipv4_addr
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, talk bytes.Buffer
			var o Options
			flags := pflag.NewFlagSet("info", pflag.ContinueOnError)
			o.InfoFlags(flags)
			require.NoError(t, flags.Parse(append([]string{path}, c.args...)))
			status, err := Info(t.Context(), &Env{Stdout: &out, Stderr: &talk, Width: c.width, Screen: c.width > 0}, &o, flags.Args())
			require.NoError(t, err)
			require.Equal(t, Found, status)
			require.Equal(t, c.want, "\n"+out.String(), talk.String())
		})
	}
}
