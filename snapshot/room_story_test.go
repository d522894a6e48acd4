package snapshot_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// The parts of the answers' JSON that the room's questions read.
type (
	addressRow struct {
		Kind         string           `json:"kind"`
		IP           string           `json:"ip"`
		FailedLogins int              `json:"failed_logins"`
		InvalidUsers int              `json:"invalid_users"`
		Logins       int              `json:"logins"`
		Bans         int              `json:"bans"`
		Unbans       int              `json:"unbans"`
		Requests     int              `json:"requests"`
		Statuses     map[string]int64 `json:"statuses"`
		Users        []string         `json:"users"`
	}
	eventRow struct {
		Source  string            `json:"source"`
		Service string            `json:"service"`
		Level   string            `json:"level"`
		Action  string            `json:"action"`
		User    string            `json:"user"`
		IP      string            `json:"ip"`
		Message string            `json:"message"`
		Raw     string            `json:"raw"`
		Fields  map[string]string `json:"fields"`
	}
	errorRow struct {
		Kind     string   `json:"kind"`
		Category string   `json:"category"`
		Type     string   `json:"type"`
		Severity string   `json:"severity"`
		Count    int      `json:"count"`
		Services []string `json:"services"`
		Example  string   `json:"example"`
		Evidence []string `json:"evidence"`
	}
)

// askAddresses compares what each address is said to have done with what the
// test did under it.
func (r *room) askAddresses(p *program) {
	for ip, n := range r.tally.refused {
		row := r.askAddress(p, ip)
		require.Equal(r.t, n, row.FailedLogins, "refused passwords of %s", ip)
		require.Equal(r.t, r.tally.bans[ip], row.Bans, "bans of %s", ip)
		require.Equal(r.t, r.invalid(ip), row.InvalidUsers, "unknown users of %s", ip)
		require.Zero(r.t, row.Logins, "logins of %s", ip)
	}
	for ip, n := range r.tally.accepted {
		row := r.askAddress(p, ip)
		require.Equal(r.t, n, row.Logins, "logins of %s", ip)
		require.Zero(r.t, row.FailedLogins, "refused passwords of %s", ip)
		require.Equal(r.t, []string{r.user}, row.Users)
	}
	require.Equal(r.t, 1, r.askAddress(p, r.at.freed).Unbans)
	for _, row := range rows[addressRow](p, "ip", "198.51.100.7") {
		require.Equal(r.t, addressRow{Kind: "address", IP: "198.51.100.7", Statuses: row.Statuses, Users: row.Users}, row, "an address within a user name did nothing")
		require.Empty(r.t, row.Users)
	}

	refused := rows[eventRow](p, "event", "action:login_failed", "service:sshd")
	require.Len(r.t, refused, sum(r.tally.refused))
	require.Len(r.t, rows[eventRow](p, "event", "action:ip_banned"), sum(r.tally.bans))
}

func (r *room) askAddress(p *program, ip string) addressRow {
	r.t.Helper()
	all := rows[addressRow](p, "ip", ip)
	require.Len(r.t, all, 1, "the row of %s", ip)
	require.Equal(r.t, "address", all[0].Kind)
	require.Equal(r.t, ip, all[0].IP)
	return all[0]
}

// invalid is how often sshd was told an unknown user from the address, once
// for each connection.
func (r *room) invalid(ip string) int {
	n := 0
	for _, a := range r.at.attempts {
		if a.from == ip && a.user != "" && a.user != "root" {
			n++
		}
	}
	return n
}

// askWeb compares the requests with the answers that the test got.
func (r *room) askWeb(p *program) {
	for status, n := range r.tally.requests {
		require.Len(r.t, rows[eventRow](p, "event", "action:http_request", "status:"+status), n, "status %s", status)
	}
	require.Len(r.t, rows[eventRow](p, "event", "action:http_request"), sum(r.tally.requests))
	row := r.askAddress(p, r.at.visitor)
	require.Equal(r.t, sum(r.tally.requests)-1, row.Requests, "all but the one that stays open")
	require.EqualValues(r.t, r.tally.requests["404"], row.Statuses["4xx"])
	require.EqualValues(r.t, r.tally.requests["502"], row.Statuses["5xx"])

	gateway := rows[errorRow](p, "error", "type:502")
	require.Len(r.t, gateway, 1)
	require.Equal(r.t, "http", gateway[0].Category)
	require.Equal(r.t, r.tally.requests["502"], gateway[0].Count)
	upstream := r.theError(p, "network", "while connecting to upstream")
	require.Equal(r.t, r.tally.requests["502"], upstream.Count)
}

// askData looks for what PostgreSQL and Redis complained about.
func (r *room) askData(p *program) {
	failed := r.theError(p, "database", `relation "no_such_table" does not exist`)
	require.Equal(r.t, 1, failed.Count)
	require.Equal(r.t, "err", failed.Severity)
	require.Equal(r.t, "error", failed.Kind)
	query := rows[eventRow](p, "event", "action:query_error")
	require.Len(r.t, query, 1)
	require.Contains(r.t, query[0].Raw, "SELECT total FROM no_such_table", "the statement belongs to its error")
	require.Equal(r.t, "postgres", query[0].User)

	refused := rows[eventRow](p, "event", "action:login_failed", "service:postgresql")
	require.Len(r.t, refused, 1)
	require.Contains(r.t, refused[0].Message, "password authentication failed")

	var alarms int
	for _, e := range rows[eventRow](p, "event", "service:redis", "level:warning") {
		if strings.Contains(e.Message, "Possible SECURITY ATTACK") {
			alarms++
		}
	}
	require.Equal(r.t, 1, alarms)
}

// theError returns the one error of a category whose example holds the text.
func (r *room) theError(p *program, category, text string) errorRow {
	r.t.Helper()
	all := rows[errorRow](p, "error", "category:"+category)
	i := slices.IndexFunc(all, func(e errorRow) bool { return strings.Contains(e.Example, text) })
	require.GreaterOrEqual(r.t, i, 0, "%q among %+v", text, all)
	require.NotEmpty(r.t, all[i].Evidence)
	return all[i]
}

func sum(counts map[string]int) int {
	n := 0
	for v := range maps.Values(counts) {
		n += v
	}
	return n
}
