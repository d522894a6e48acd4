package ip

import (
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/address"
	"stilltrace/tracers/casetest"
	"stilltrace/tracers/tally"
)

func TestDetail(t *testing.T) {
	d := run(t, night(t), casetest.Query(t, "ip:"+attacker)).Detail
	require.NotNil(t, d)
	require.Equal(t, attacker, d.IP.String())
	require.EqualValues(t, 1, d.Mentioned)
	require.Equal(t, []tally.Row{
		{Value: "login_failed", Count: 4, Events: 2, First: at(t, "01:00:02"), Last: at(t, "01:00:03")},
		{Value: "firewall_block", Count: 1, Events: 1, First: at(t, "01:02:00"), Last: at(t, "01:02:00")},
		{Value: "http_request", Count: 1, Events: 1, First: at(t, "02:00:03"), Last: at(t, "02:00:03")},
		{Value: "ip_banned", Count: 1, Events: 1, First: at(t, "01:00:05"), Last: at(t, "01:00:05")},
		{Value: "ip_found", Count: 1, Events: 1, First: at(t, "01:00:04"), Last: at(t, "01:00:04")},
		{Value: "ip_unbanned", Count: 1, Events: 1, First: at(t, "01:10:05"), Last: at(t, "01:10:05")},
		{Value: "login", Count: 1, Events: 1, First: at(t, "01:00:09"), Last: at(t, "01:00:09")},
		{Value: "login_invalid_user", Count: 1, Events: 1, First: at(t, "01:00:01"), Last: at(t, "01:00:01")},
	}, d.Actions)
	require.Equal(t, []tally.Row{
		{Value: "root", Count: 4, Events: 2, First: at(t, "01:00:03"), Last: at(t, "01:00:09")},
		{Value: "a b", Count: 1, Events: 2, First: at(t, "01:00:01"), Last: at(t, "01:00:02")},
	}, d.Users)
	require.Equal(t, []Ban{
		{Time: at(t, "01:00:05"), Action: index.ActionIPBanned, Jail: "sshd", Evidence: "/var/log/fail2ban.log:2"},
		{Time: at(t, "01:10:05"), Action: index.ActionIPUnbanned, Jail: "sshd", Evidence: "/var/log/fail2ban.log:3"},
	}, d.Bans)
	require.Equal(t, []Login{{Time: at(t, "01:00:09"), User: "root", Service: "sshd", Evidence: "/var/log/auth.log:4"}}, d.Logins)
	require.Len(t, d.Connections, 1)
	require.Len(t, d.Recent, 10)
	require.Equal(t, Recent{ID: "1-0", Time: at(t, "01:00:01"), Service: "sshd", Action: index.ActionLoginInvalidUser,
		Message: "Invalid user a b from 203.0.113.7 port 1", Evidence: "/var/log/auth.log:1"}, d.Recent[0])
	require.Equal(t, "/var/log/nginx/access.log:4", d.Recent[9].Evidence)
}

func TestShortenKeepsWholeCharacters(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"short", "abc", "abc"},
		{"as long as it may be", strings.Repeat("x", detailMessage), strings.Repeat("x", detailMessage)},
		{"longer", strings.Repeat("x", detailMessage+1), strings.Repeat("x", detailMessage)},
		{"a character across the limit", strings.Repeat("x", detailMessage-1) + "€", strings.Repeat("x", detailMessage-1)},
		{"not UTF-8", strings.Repeat("\xbf", 2*detailMessage), strings.Repeat("\xbf", detailMessage-utf8.UTFMax)},
	} {
		require.Equal(t, c.want, shorten(c.in), c.name)
	}
}

// questions are asked with and without the index, twice, and in another zone.
var questions = [][]string{
	nil, {"ip:203.0.0.9"}, {"ip:203.0.1.0/24"}, {"-ip:203.0.1.0/24"}, {"user:userc"}, {"service:nginx", "status>=500"}, {"action:ip_banned"},
	{"ip:203.0.0.0/25", "service:sshd"}, {"class:public"}, {"ip:192.0.2.200"},
}

// A case keeps the addresses that are left out apart, block by block.
func TestBlocksThatAreLeftOutAreKnown(t *testing.T) {
	h, err := night(t).Summary(0).Head()
	require.NoError(t, err)
	blocks := address.Blocks(fromInside)
	require.NotEmpty(t, blocks)
	for _, p := range blocks {
		_, ok := h.Within(p)
		require.True(t, ok && address.Uniform(p), p)
	}
	require.False(t, address.Uniform(netip.MustParsePrefix("0.0.0.0/8")), "it has the unspecified address within")
	require.False(t, address.Uniform(netip.MustParsePrefix("10.0.0.0/9")), "it is no block")
}

// The rows with a limit are the first ones of all.
func TestLimit(t *testing.T) {
	r := casetest.Open(t, casetest.Many(3000))
	whole := run(t, r, casetest.Query(t))
	require.Greater(t, len(whole.Rows), 256, "more than lead")
	for _, limit := range []int{1, 20, 256, 257, len(whole.Rows), len(whole.Rows) + 1} {
		f, err := Find(r, casetest.Query(t))
		require.NoError(t, err)
		require.Equal(t, len(whole.Rows), f.Total)
		var rows []*Row
		for row, err := range f.Rows(limit) {
			require.NoError(t, err)
			rows = append(rows, row)
		}
		require.Equal(t, whole.Rows[:min(limit, len(whole.Rows))], rows)
	}
}

func answers(t testing.TB, brute bool) string {
	t.Helper()
	return casetest.Answers(t, questions, brute, func(r *index.Reader, q index.Query) []any {
		return []any{run(t, r, q)}
	})
}

func TestRunIsBrute(t *testing.T) { require.Equal(t, answers(t, true), answers(t, false)) }

func TestSameInAnyZone(t *testing.T) {
	casetest.SameInAnyZone(t, answers(t, false), `"failed_logins":3`)
}

func BenchmarkRun(b *testing.B) {
	r := casetest.Open(b, casetest.Many(50_000))
	for _, c := range []struct {
		name  string
		terms []string
	}{{"all", nil}, {"one address", []string{"ip:203.0.0.9"}}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			q := casetest.Query(b, c.terms...)
			for b.Loop() {
				if a, err := Run(r, q); err != nil || len(a.Rows) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}
