package process_test

import (
	"stilltrace/index"
	"stilltrace/tracers/process"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServices(t *testing.T) {
	for _, c := range []struct{ cgroup, want string }{
		{"", ""},
		{"/", ""},
		{"/init.scope", "init.scope"},
		{"/system.slice/nginx.service", "nginx.service"},
		{"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"},
		{"/user.slice/user-1000.slice/session-3.scope", "session"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.service", "tmux.service"},
		{"/system.slice/containerd.service/kubepods/x", "containerd.service"},
		{"/system.slice/docker-4e2f.scope", "docker-4e2f.scope"},
		{"/system.slice/gone.service (deleted)", "gone.service"},
		{"/system.slice/srv.mount", "srv.mount"},
		{"/system.slice", ""},
		{"/docker/4e2f", ""},
		{"/.service", ""},
		{"nginx.service", "nginx.service"},
		{"/a//", ""},
	} {
		t.Run(c.cgroup, func(t *testing.T) {
			r := (&records{processes: []index.Process{{PID: 1, Cgroup: c.cgroup}}}).open(t)
			a, err := process.Run(r, index.Query{})
			require.NoError(t, err)
			require.Equal(t, c.want, a.Processes[0].Service)
		})
	}
}

func TestUnitOfTheCapture(t *testing.T) {
	r := (&records{processes: []index.Process{{PID: 1, Cgroup: "/", Unit: "nginx.service"}, {PID: 2, Unit: "session-3.scope"}}}).open(t)
	a, err := process.Run(r, index.Query{})
	require.NoError(t, err)
	require.Equal(t, "nginx.service", a.Processes[0].Service)
	require.Equal(t, "session", a.Processes[1].Service)
}
