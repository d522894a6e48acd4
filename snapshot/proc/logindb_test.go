package proc

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// database is one that SQLite itself wrote, in pages of 512 bytes: a tree of
// two floors, and a row that goes on elsewhere.
func database(t testing.TB, name string) string {
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(data)
}

func TestLoginDatabases(t *testing.T) {
	h, gaps := files(t, map[string]any{
		"etc/passwd":                  passwd,
		"var/lib/wtmpdb/wtmp.db":      database(t, "wtmpdb.sqlite"),
		"var/lib/wtmpdb/wtmp.db-wal":  "x",
		"var/lib/lastlog/lastlog2.db": database(t, "lastlog2.sqlite"),
	})
	require.Len(t, h.Logins.Past, 62)
	require.Equal(t, index.Login{Type: "boot", User: "reboot", Line: "~", Host: "6.12.48+deb13-amd64", Time: 1763859600000000000}, h.Logins.Past[0])
	for i, l := range h.Logins.Past[1:61] {
		require.Equal(t, index.Login{Type: "user", User: "ann", Line: "pts/" + strconv.Itoa(i), Host: "203.0.113.7", Service: "sshd",
			Time: index.Time(1763866703123456000 + i*1e9), Ended: index.Time(1763870000000000000 + i*1000)}, l)
	}
	require.Equal(t, index.Login{Type: "user", User: "mallory", Line: "ssh", Host: strings.Repeat("x", 3000), Service: "sshd", Time: 1763880000000000000}, h.Logins.Past[61])
	require.Equal(t, []index.LastLogin{
		{UID: 0, User: "root", Line: "tty1", Time: 1763866000 * 1e9},
		{UID: 1000, User: "ann", Line: "pts/0", Host: "203.0.113.7", Time: 1763866703 * 1e9},
		{UID: unset, User: "ldap", Line: "ssh", Host: "2001:db8::1", Time: 1763866001 * 1e9},
	}, h.Logins.Last)
	require.Len(t, gaps, 1)
	require.Equal(t, "/var/lib/wtmpdb/wtmp.db-wal", gaps[0].Place)
}

// Whatever stands in a database, reading it comes to an end.
func FuzzDatabase(f *testing.F) {
	for _, name := range []string{"wtmpdb.sqlite", "lastlog2.sqlite"} {
		f.Add([]byte(database(f, name)))
	}
	f.Add([]byte(sqliteMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		db, err := openSQLite(bytes.NewReader(data), int64(len(data)), maxLogin)
		if err != nil {
			return
		}
		for _, table := range []string{"wtmp", "Lastlog2"} {
			rows := 0
			_ = db.rows(table, func(row map[string]any) error {
				rows++
				loginOf(row)
				return nil
			})
			require.LessOrEqual(t, rows, len(data), "no page is read twice")
		}
	})
}
