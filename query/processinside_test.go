package query

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestOwnRights(t *testing.T) {
	id := func(n uint32) *uint32 { return &n }
	root := index.Process{UID: id(0), EUID: id(0), SUID: id(0), FSUID: id(0), GID: id(0), EGID: id(0),
		Security: &index.SecurityBits{CapEffective: 1<<41 - 1, CapPermitted: 1<<41 - 1, CapBounding: 1 << 13}}
	as := func(change func(*index.ThreadRights)) *index.ThreadRights {
		s := *root.Security
		r := &index.ThreadRights{UID: root.UID, EUID: root.EUID, SUID: root.SUID, FSUID: root.FSUID, GID: root.GID, EGID: root.EGID, Security: &s}
		change(r)
		return r
	}
	for _, c := range []struct {
		name   string
		rights *index.ThreadRights
		want   string
	}{
		{"those of the process", nil, ""},
		{"another user", as(func(r *index.ThreadRights) { r.EUID, r.FSUID = id(33), id(33) }), "user 33, user for files 33"},
		{"other groups", as(func(r *index.ThreadRights) { r.Groups = []uint32{4, 27} }), "groups [4 27]"},
		{"another bounding set alone", as(func(r *index.ThreadRights) { r.Security.CapBounding = 1<<41 - 1 }), "bounding capabilities all"},
		{"a filter", as(func(r *index.ThreadRights) {
			r.Security.Seccomp, r.Security.Filters, r.Security.NoNewPrivs = 2, 1, true
		}), "seccomp filter, 1 filter, no new privileges"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, ownRights(&root, c.rights)) })
	}
	require.Equal(t, "capabilities none, no seccomp", ownRights(&index.Process{}, &index.ThreadRights{Security: &index.SecurityBits{}}))
}
