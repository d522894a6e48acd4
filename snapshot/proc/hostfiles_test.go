package proc

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// files reads the files of a crafted root.
func files(t *testing.T, entries map[string]any) (index.Host, []index.Gap) {
	t.Helper()
	root := t.TempDir()
	craft(t, root, entries)
	var gaps []index.Gap
	gap := func(g index.Gap) { gaps = append(gaps, g) }
	o := Options{Root: root}
	h := ReadHost(o, func(index.Gap) {})
	ReadFiles(o, &h, gap)
	return h, gaps
}

const passwd = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\nsync:x:4:65534:sync:/bin:/bin/sync\nnobody:x:65534:65534::/nonexistent:/bin/false\n"

func TestUnits(t *testing.T) {
	h, gaps := files(t, map[string]any{
		"etc/passwd":                                               passwd,
		"lib":                                                      link("usr/lib"),
		"usr/lib/systemd/system/ssh.service":                       "[Unit]\nDescription=x\n[Service]\nExecStartPre=/usr/sbin/sshd -t\nExecStart=/usr/sbin/sshd -D \\\n  $OPTS\n# ExecStart=/no\nUser=root\n",
		"usr/lib/systemd/system/backup.timer":                      "[Timer]\nOnCalendar=daily\nOnBootSec=5min\nUnit=copy.service\nPersistent=true\n",
		"usr/lib/systemd/system/docker.socket":                     "[Socket]\nListenStream=/run/docker.sock\nService=docker.service\n",
		"usr/lib/systemd/system/watch.path":                        "[Path]\nPathModified=/etc/passwd\n",
		"usr/lib/systemd/system/multi-user.target":                 "[Unit]\n",
		"usr/lib/systemd/system/getty@.service":                    "[Service]\nExecStart=-/sbin/agetty %I\nExecPaths=/sbin\nExecSearchPath=/opt\n",
		"etc/systemd/system/sshd.service":                          link("/lib/systemd/system/ssh.service"),
		"etc/systemd/system/rescue.service":                        link("/dev/null"),
		"etc/systemd/system/multi-user.target.wants/ssh.service":   link("/lib/systemd/system/ssh.service"),
		"etc/systemd/system/getty.target.wants/getty@tty1.service": link("/lib/systemd/system/getty@.service"),
		"etc/systemd/system/ssh.service.d/evil.conf":               "[Service]\nExecStartPost=/tmp/.x/m\n",
		"etc/systemd/system/pipe.service":                          fifo{},
		"etc/systemd/system/far.service":                           link("/opt/x/systemd/system/far.service"),
		"opt/x/systemd/system/far.service":                         "[Service]\nExecStart=/opt/x/far\n",
		"etc/systemd/system/gone.service":                          link("/opt/gone.service"),
		"etc/systemd/system/service.d/10-all.conf":                 "[Service]\nExecStartPost=/tmp/all\n",
		"etc/systemd/system/backup-.service.d/x.conf":              link("/opt/x/drop"),
		"etc/systemd/system/docker.service.d/limits.conf":          "[Service]\nLimitNOFILE=1\n",
		"opt/x/drop": "[Service]\nExecStop=/opt/x/stop\n",
		"home/ann/.local/share/systemd/user/share.timer":                   "[Timer]\nOnCalendar=hourly\n",
		"home/ann/.config/systemd/user/miner.service":                      "[Service]\nExecStart=/home/ann/.m\n",
		"home/ann/.config/systemd/user/default.target.wants/miner.service": link("../miner.service"),
		"var/lib/systemd/timers/stamp-backup.timer":                        "",
	})
	units := map[string]index.Unit{}
	for _, u := range h.Units {
		require.True(t, u.Mtime != 0 || u.Target != "", "%v", u)
		u.Mtime, u.Size = 0, 0
		if u.Last != 0 {
			require.InDelta(t, float64(time.Now().UnixNano()), float64(u.Last), float64(time.Minute))
			u.Last = 1
		}
		units[u.Name] = u
	}
	require.Equal(t, map[string]index.Unit{
		"ssh.service": {Name: "ssh.service", Path: "/usr/lib/systemd/system/ssh.service", DropIns: []string{"/etc/systemd/system/ssh.service.d/evil.conf"}, WantedBy: []string{"multi-user.target"},
			Exec: []string{"ExecStartPre=/usr/sbin/sshd -t", "ExecStart=/usr/sbin/sshd -D  $OPTS", "ExecStartPost=/tmp/.x/m"}, User: "root"},
		"sshd.service":             {Name: "sshd.service", Path: "/etc/systemd/system/sshd.service", Target: "/lib/systemd/system/ssh.service"},
		"rescue.service":           {Name: "rescue.service", Path: "/etc/systemd/system/rescue.service", Target: "/dev/null"},
		"backup.timer":             {Name: "backup.timer", Path: "/usr/lib/systemd/system/backup.timer", Schedule: []string{"OnCalendar=daily", "OnBootSec=5min"}, Starts: "copy.service", Last: 1},
		"docker.socket":            {Name: "docker.socket", Path: "/usr/lib/systemd/system/docker.socket", Schedule: []string{"ListenStream=/run/docker.sock"}, Starts: "docker.service"},
		"watch.path":               {Name: "watch.path", Path: "/usr/lib/systemd/system/watch.path", Schedule: []string{"PathModified=/etc/passwd"}},
		"getty@.service":           {Name: "getty@.service", Path: "/usr/lib/systemd/system/getty@.service", Exec: []string{"ExecStart=-/sbin/agetty %I"}, WantedBy: []string{"getty.target"}},
		"far.service":              {Name: "far.service", Path: "/etc/systemd/system/far.service", Target: "/opt/x/systemd/system/far.service", Exec: []string{"ExecStart=/opt/x/far"}},
		"gone.service":             {Name: "gone.service", Path: "/etc/systemd/system/gone.service", Target: "/opt/gone.service"},
		"share.timer":              {Name: "share.timer", Path: "/home/ann/.local/share/systemd/user/share.timer", Schedule: []string{"OnCalendar=hourly"}},
		"service.d/10-all.conf":    {Name: "service.d/10-all.conf", Path: "/etc/systemd/system/service.d/10-all.conf", Exec: []string{"ExecStartPost=/tmp/all"}},
		"backup-.service.d/x.conf": {Name: "backup-.service.d/x.conf", Path: "/etc/systemd/system/backup-.service.d/x.conf", Exec: []string{"ExecStop=/opt/x/stop"}},
		"miner.service":            {Name: "miner.service", Path: "/home/ann/.config/systemd/user/miner.service", Exec: []string{"ExecStart=/home/ann/.m"}, WantedBy: []string{"default.target"}},
	}, units)
	require.Len(t, gaps, 1)
	require.Equal(t, "/etc/systemd/system/pipe.service", gaps[0].Place)
	require.Equal(t, index.ReasonUnsupported, gaps[0].Reason)
}

func TestCron(t *testing.T) {
	h, gaps := files(t, map[string]any{
		"etc/passwd":                           passwd,
		"etc/crontab":                          "# head\nSHELL=/bin/sh\nMAILTO = x\n17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly\nbad\n",
		"etc/cron.d/evil":                      "@reboot www-data /tmp/.x a=b\n*/5 * * * * root\n",
		"etc/cron.daily/logrotate":             "#!/bin/sh\n",
		"etc/cron.daily/.placeholder":          "",
		"etc/anacrontab":                       "START_HOURS_RANGE=3-22\n1\t5\tcron.daily\trun-parts /etc/cron.daily\n",
		"var/spool/cron/crontabs/ann":          "0 3 * * 1-5 /home/ann/job --x\n",
		"etc/cron.d/linked":                    link("/opt/jobs"),
		"etc/cron.d/none":                      link("/dev/null"),
		"etc/cron.d/gone":                      link("/opt/gone"),
		"opt/jobs":                             "@daily root /opt/job\n",
		"etc/cron.hourly/linked":               link("../../opt/script"),
		"etc/cron.hourly/gone":                 link("/opt/gone"),
		"opt/script":                           "#!/bin/sh\n",
		"var/spool/cron/atjobs/a0000301c2b3a4": "#!/bin/sh\n# atrun uid=0 gid=0\nAWS_SECRET=x; export AWS_SECRET\ncd /root || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\n\n/tmp/.x -d\nrm x\n",
		"var/spool/cron/atjobs/.SEQ":           "3",
	})
	require.Empty(t, gaps)
	var got []string
	for _, c := range h.Cron {
		require.NotZero(t, c.Mtime)
		got = append(got, fmt.Sprintf("%s:%d %s|%s|%s", c.Path, c.Line, c.User, c.Schedule, c.Command))
	}
	require.Equal(t, []string{
		"/etc/crontab:4 root|17 *\t* * *|cd / && run-parts --report /etc/cron.hourly",
		"/etc/cron.d/evil:1 www-data|@reboot|/tmp/.x a=b",
		"/etc/cron.d/linked:1 root|@daily|/opt/job",
		"/etc/anacrontab:2 root|1\t5\tcron.daily|run-parts /etc/cron.daily",
		"/etc/cron.hourly/linked:0 root|hourly|/opt/script",
		"/etc/cron.daily/logrotate:0 root|daily|/etc/cron.daily/logrotate",
		"/var/spool/cron/crontabs/ann:1 ann|0 3 * * 1-5|/home/ann/job --x",
		"/var/spool/cron/atjobs/a0000301c2b3a4:0 root|at " + time.Unix(0x01c2b3a4*60, 0).UTC().Format("2006-01-02T15:04Z") + "|/tmp/.x -d",
	}, got)
}

// The fingerprint is the one that ssh-keygen names, and sshd when the key is used.
func TestAuthorizedKeys(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ann@laptop home", "-f", filepath.Join(dir, "key")).CombinedOutput()
	if err != nil {
		t.Skipf("no ssh-keygen: %v %s", err, out)
	}
	line, err := os.ReadFile(filepath.Join(dir, "key.pub"))
	require.NoError(t, err)
	print, err := exec.Command("ssh-keygen", "-lf", filepath.Join(dir, "key.pub")).Output()
	require.NoError(t, err)
	h, gaps := files(t, map[string]any{
		"etc/passwd":                    passwd + "eve:x:1002:1002::/home/ann:/bin/sh\n",
		"etc/ssh/sshd_config":           "#AuthorizedKeysFile x\nInclude more/*.conf\nauthorizedkeysfile=\".ssh/authorized_keys\" /etc/keys/%u\n",
		"etc/ssh/more/a.conf":           "Match User ann\n\tAuthorizedKeysFile /etc/more/%U\nMatch Group ops\n\tAuthorizedKeysFile /etc/keys/all\n",
		"etc/more/1000":                 string(line),
		"home/ann/.ssh/authorized_keys": "# mine\n\n" + string(line) + "no key at all\n",
		"etc/keys/root":                 `command="/bin/sh -c \"x y\"",from="192.0.2.0/24,*.example" ` + string(line),
		"etc/keys/all":                  string(line),
		"root/.ssh/authorized_keys":     fifo{},
	})
	require.Len(t, gaps, 1)
	require.Equal(t, "/home/ann/.ssh/authorized_keys:4", gaps[0].Place)
	require.Len(t, h.Keys, 5)
	for i := range h.Keys {
		require.NotZero(t, h.Keys[i].Mtime)
		h.Keys[i].Mtime = 0
	}
	fingerprint := strings.Fields(string(print))[1]
	require.Equal(t, []index.AuthorizedKey{
		{User: "root", Path: "/etc/keys/root", Line: 1, Type: "ssh-ed25519", Fingerprint: fingerprint, Options: `command="/bin/sh -c \"x y\"",from="192.0.2.0/24,*.example"`, Comment: "ann@laptop home"},
		{User: "*", Path: "/etc/keys/all", Line: 1, Type: "ssh-ed25519", Fingerprint: fingerprint, Comment: "ann@laptop home"},
		{User: "ann", Path: "/home/ann/.ssh/authorized_keys", Line: 3, Type: "ssh-ed25519", Fingerprint: fingerprint, Comment: "ann@laptop home"},
		{User: "eve", Path: "/home/ann/.ssh/authorized_keys", Line: 3, Type: "ssh-ed25519", Fingerprint: fingerprint, Comment: "ann@laptop home"},
		{User: "ann", Path: "/etc/more/1000", Line: 1, Type: "ssh-ed25519", Fingerprint: fingerprint, Comment: "ann@laptop home"},
	}, h.Keys)
}

// The records that utmpdump(1) wrote are read as it wrote them.
func TestLogins(t *testing.T) {
	const text = `[2] [00000] [~~  ] [reboot  ] [~           ] [6.1.0-13-amd64      ] [0.0.0.0        ] [2026-11-23T01:00:00,000000+00:00]
[7] [00812] [ts/0] [ann     ] [pts/0       ] [laptop.example.org  ] [203.0.113.7    ] [2026-11-23T02:58:23,123456+00:00]
[7] [00813] [ts/1] [root    ] [pts/1       ] [2001:db8::1         ] [2001:db8::1    ] [2026-11-23T02:59:23,000001+00:00]
[8] [00812] [ts/0] [        ] [pts/0       ] [                    ] [0.0.0.0        ] [2026-11-23T03:58:23,000000+00:00]
`
	dump := exec.Command("utmpdump", "-r")
	dump.Stdin = strings.NewReader(text)
	data, err := dump.Output()
	if err != nil {
		t.Skipf("no utmpdump: %v", err)
	}
	require.Len(t, data, 4*384)
	zeros := strings.Repeat("\x00", 384)
	last := make([]byte, 1001*lastlogSize)
	copy(last[1000*lastlogSize:], "\x00\x5e\x22\x6a"+"pts/0"+strings.Repeat("\x00", 27)+"203.0.113.7")
	h, gaps := files(t, map[string]any{
		"etc/passwd":                  passwd,
		"run/utmp":                    zeros + string(data[384:768]) + zeros,
		"var/log/wtmp":                string(data[:384]) + zeros + zeros + string(data[384:]),
		"var/log/btmp":                string(data[768:1152]) + "torn",
		"var/log/lastlog":             string(last),
		"var/lib/lastlog/lastlog2.db": "SQLite format 3",
		"run/systemd/sessions/3":      "# This is private data. Do not parse.\nUID=1000\nUSER=ann\nACTIVE=1\nSTATE=active\nREMOTE=1\nTYPE=tty\nCLASS=user\nSCOPE=session-3.scope\nTTY=pts/0\nREMOTE_HOST=203.0.113.7\nSERVICE=sshd\nLEADER=812\nREALTIME=1763866703123456\n",
		"run/systemd/sessions/3.ref":  fifo{},
	})
	at := func(s string) index.Time {
		when, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		return index.TimeOf(when)
	}
	ann := index.Login{Type: "user", User: "ann", Line: "pts/0", ID: "ts/0", Host: "laptop.example.org", Addr: "203.0.113.7", PID: 812, Time: at("2026-11-23T02:58:23.123456Z")}
	root := index.Login{Type: "user", User: "root", Line: "pts/1", ID: "ts/1", Host: "2001:db8::1", Addr: "2001:db8::1", PID: 813, Time: at("2026-11-23T02:59:23.000001Z")}
	require.Equal(t, &index.LoginHistory{
		Now: []index.Login{ann},
		Past: []index.Login{
			{Type: "boot", User: "reboot", Line: "~", ID: "~~  ", Host: "6.1.0-13-amd64", Time: at("2026-11-23T01:00:00Z")},
			{Type: "empty", Zero: true}, ann, root,
			{Type: "dead", Line: "pts/0", ID: "ts/0", PID: 812, Time: at("2026-11-23T03:58:23Z")},
		},
		Failed: []index.Login{root},
		Last:   []index.LastLogin{{UID: 1000, User: "ann", Line: "pts/0", Host: "203.0.113.7", Time: index.Time(0x6a225e00 * 1e9)}},
	}, h.Logins)
	require.Equal(t, []index.LoginSession{{ID: "3", UID: 1000, User: "ann", Leader: 812, Scope: "session-3.scope", Service: "sshd", Type: "tty", Class: "user", State: "active",
		TTY: "pts/0", Remote: true, RemoteHost: "203.0.113.7", Started: at("2025-11-23T02:58:23.123456Z")}}, h.Sessions)
	var places []string
	for _, g := range gaps {
		places = append(places, fmt.Sprintf("%s %s", g.Place, g.Reason))
	}
	require.Equal(t, []string{"/var/log/btmp torn", "/var/lib/lastlog/lastlog2.db torn"}, places)
}

func TestNameFiles(t *testing.T) {
	h, gaps := files(t, map[string]any{
		"etc/hosts":         "127.0.0.1 localhost # x\n\n::ffff:192.0.2.10 web01 web01.example\nfe80::1%eth0 router\nnonsense x\n",
		"etc/resolv.conf":   "# x\nnameserver 192.0.2.53\nnameserver ::1\nsearch example.org example.com\noptions ndots:2\n",
		"etc/ld.so.preload": "\n/tmp/.x/lib.so\n# c\n",
	})
	require.Equal(t, []index.HostName{
		{Addr: netip.MustParseAddr("127.0.0.1"), Names: []string{"localhost"}}, {Addr: netip.MustParseAddr("192.0.2.10"), Names: []string{"web01", "web01.example"}},
		{Addr: netip.MustParseAddr("fe80::1%eth0"), Names: []string{"router"}},
	}, h.Names)
	require.Equal(t, &index.Resolver{Servers: []string{"192.0.2.53", "::1"}, Search: []string{"example.org", "example.com"}, Options: []string{"ndots:2"}}, h.Resolver)
	require.Equal(t, []string{"/tmp/.x/lib.so"}, h.Preload)
	require.Len(t, gaps, 1)
	require.Equal(t, "/etc/hosts:5", gaps[0].Place)
}

func TestContainerNames(t *testing.T) {
	pod := strings.Repeat("c", 64)
	task := strings.Repeat("d", 64)
	root := t.TempDir()
	craft(t, root, map[string]any{
		"var/lib/docker/containers/" + id64 + "/config.v2.json":                          `{"ID":"x","Name":"/web","Created":"2026-11-23T01:02:03.5Z","State":{"StartedAt":"2026-11-23T01:02:04Z"},"Image":"sha256:ab","LogPath":"/var/lib/docker/x-json.log","MountPoints":{"/run/docker.sock":{"Source":"/var/run/docker.sock","Destination":"/run/docker.sock","RW":true}},"NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}],"443/tcp":null}},"Config":{"Image":"nginx:1","Labels":{"io.kubernetes.pod.name":"p","io.kubernetes.pod.namespace":"ns"}}}`,
		"var/lib/docker/containers/" + id64 + "/hostconfig.json":                         `{"Privileged":true,"CapAdd":["SYS_ADMIN"],"SecurityOpt":["seccomp=unconfined"],"NetworkMode":"host","PidMode":"host","IpcMode":"private","RestartPolicy":{"Name":"always"},"LogConfig":{"Type":"json-file"}}`,
		"var/lib/containers/storage/overlay-containers/containers.json":                  `[{"id":"` + pod + `","names":["db"],"metadata":"{\"image-name\":\"docker.io/postgres:15\"}","image":"` + strings.Repeat("a", 64) + `","created":"2026-11-23T01:02:03Z"}]`,
		"var/lib/containers/storage/overlay-containers/" + pod + "/userdata/config.json": `{"annotations":{"io.podman.annotations.privileged":"TRUE"},"mounts":[{"destination":"/dev","type":"tmpfs","source":"tmpfs"},{"destination":"/h","type":"bind","source":"/","options":["rbind"]}],"linux":{"namespaces":[{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"mount"}]}}`,
		"run/containerd/io.containerd.runtime.v2.task/k8s.io/" + task + "/config.json":   `{"mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/host","type":"bind","source":"/","options":["rbind","ro"]}],"annotations":{"io.kubernetes.cri.container-name":"api","io.kubernetes.cri.image-name":"api:2","io.kubernetes.cri.sandbox-name":"api-1","io.kubernetes.cri.sandbox-namespace":"prod"}}`,
		"var/lib/docker/containers/" + strings.Repeat("e", 64) + "/config.v2.json":       `{torn`,
	})
	all := []index.Container{
		{ID: id64}, {ID: pod}, {ID: task, Runtime: "kubernetes"}, {ID: "web1", Runtime: "lxc"}, {ID: strings.Repeat("e", 64)},
	}
	var gaps []index.Gap
	h := index.Host{Containers: slices.Clone(all)}
	ReadFiles(Options{Root: root}, &h, func(g index.Gap) { gaps = append(gaps, g) })
	when := index.TimeOf(time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC))
	require.Equal(t, []index.Container{
		{ID: id64, Runtime: "docker", Name: "web", Image: "nginx:1", Pod: "ns/p", Created: when + 5e8, Source: "/var/lib/docker/containers/" + id64 + "/config.v2.json",
			ImageID: "sha256:ab", Started: when + 1e9, Restart: "always", LogDriver: "json-file", LogPath: "/var/lib/docker/x-json.log", Ports: []string{"0.0.0.0:8080 to 80/tcp"},
			Mounts: []string{"/var/run/docker.sock at /run/docker.sock rw"}, Privileged: true, CapAdd: []string{"SYS_ADMIN"}, Security: []string{"seccomp=unconfined"}, HostSpaces: []string{"net", "pid"}},
		{ID: pod, Runtime: "podman", Name: "db", Image: "docker.io/postgres:15", Created: when, Source: "/var/lib/containers/storage/overlay-containers/containers.json",
			ImageID: "sha256:" + strings.Repeat("a", 64), Mounts: []string{"/ at /h rw"}, Privileged: true, HostSpaces: []string{"net"}},
		{ID: task, Runtime: "containerd", Name: "api", Image: "api:2", Pod: "prod/api-1", Mounts: []string{"/ at /host ro"}, Source: "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + task + "/config.json"},
		{ID: "web1", Runtime: "lxc", Name: "web1"}, {ID: strings.Repeat("e", 64)},
	}, h.Containers)
	require.Len(t, gaps, 1)
	require.Equal(t, index.ReasonTorn, gaps[0].Reason)
}

func FuzzHostFiles(f *testing.F) {
	f.Add([]byte("[Service]\nExecStart=/x \\\n y\nUser=a\n"))
	f.Add([]byte("17 * * * * root cd /\n@reboot x\nA=b"))
	f.Add([]byte(`command="a b" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== c`))
	f.Add([]byte(strings.Repeat("\x07\x00\x00\x00", 96)))
	f.Add([]byte("UID=1\nREALTIME=99999999999999999999\n"))
	f.Add([]byte("overlay 1 0 - Live 0x0 (OE)"))
	f.Add([]byte("127.0.0.1 localhost\nnameserver 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		text := string(data)
		for _, name := range []string{"x.timer", "x.service"} {
			u := index.Unit{Name: name}
			parseUnit(text, &u)
			require.LessOrEqual(t, len(u.Exec)+len(u.Schedule), 2*maxUnitLines)
		}
		for _, named := range []bool{false, true} {
			if job, ok := parseCron(strings.TrimSpace(text), named, false); ok {
				require.NotEmpty(t, job.Schedule)
				require.NotEmpty(t, job.Command)
			}
		}
		if key, ok, _ := parseKey(text); ok {
			require.True(t, strings.HasPrefix(key.Fingerprint, "SHA256:"))
		}
		logins, rest := parseUtmp(data)
		require.LessOrEqual(t, len(logins)*384+rest, max(len(data), 400*len(logins)+rest))
		for _, l := range logins {
			require.NotEmpty(t, l.Type)
		}
		if len(data) >= lastlogSize {
			parseLastlog(data)
		}
		parseSession("1", text)
		parseFormat("x", text)
		parseResolver(text)
		parseVMStat(data)
		unescapeUnit(text)
		if m, ok, _ := parseModule(data); ok {
			require.NotEmpty(t, m.Name)
		}
		if n, ok, _ := parseHost(data); ok {
			require.NotEmpty(t, n.Names)
		}
		withoutCredentials(text)
		require.NotContains(t, scriptOf("/usr/bin/python3.11", strings.Split(text, "\x00")), "\x00")
	})
}

// When a file was read last is evidence too: of a login, of a job.
func TestNoTraceInAccessTimes(t *testing.T) {
	root := t.TempDir()
	craft(t, root, map[string]any{
		"etc/passwd": passwd, "etc/crontab": "* * * * * root true\n", "etc/cron.d/x": "* * * * * root true\n", "home/ann/.ssh/authorized_keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== c\n",
		"etc/systemd/system/x.service": "[Service]\nExecStart=/x\n", "etc/sudoers": "x", "var/log/wtmp": "x",
	})
	long := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	var names []string
	require.NoError(t, filepath.WalkDir(root, func(name string, _ os.DirEntry, err error) error {
		names = append(names, name)
		return err
	}))
	for _, name := range names {
		require.NoError(t, os.Chtimes(name, long, long))
	}
	h := ReadHost(Options{Root: root}, func(index.Gap) {})
	ReadFiles(Options{Root: root}, &h, func(index.Gap) {})
	require.Len(t, h.Cron, 2)
	require.Len(t, h.Keys, 1)
	for _, name := range names {
		var st unix.Stat_t
		require.NoError(t, unix.Stat(name, &st))
		require.Equal(t, long.Unix(), st.Atim.Sec, name)
	}
}

func BenchmarkReadFiles(b *testing.B) {
	o := live()
	o.NoHash = true
	programs := readPrograms(b, o)
	files := 0
	for b.Loop() {
		h := ReadHost(o, func(index.Gap) {})
		h.Programs = programs
		ReadFiles(o, &h, func(index.Gap) {})
		files = len(h.Watched) + len(h.Privileged) + len(h.Temporary)
	}
	b.ReportMetric(float64(files), "files")
}

// readPrograms are the programs that run here.
func readPrograms(b *testing.B, o Options) []index.Program {
	table, err := FirstLook(o, func(index.Gap) {})
	require.NoError(b, err)
	defer table.Close()
	_, _, err = table.Processes(b.Context(), nil, func(*index.Process) error { return nil })
	require.NoError(b, err)
	return table.Programs()
}
