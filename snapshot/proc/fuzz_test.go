package proc

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func FuzzInet(f *testing.F) {
	f.Add("tcp", []byte(tcpRow("0100007F:0016", "00000000:0000", "0A", 0, 12345)))
	f.Add("tcp6", []byte(tcpRow("0000000000000000FFFF00000100007F:01BB", "00000000000000000000000000000000:0000", "01", 33, 0)))
	f.Add("udp", []byte("  10: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 508 2 0000000000000000 9"))
	f.Add("udp", []byte("  10: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101 0"))
	f.Fuzz(func(t *testing.T, proto string, line []byte) {
		s, err := parseInet(proto, line)
		if err != nil {
			return
		}
		require.NotEmpty(t, s.State)
		require.True(t, s.Local.IsValid() && s.Remote.IsValid())
		require.False(t, s.Local.Is4In6() || s.Remote.Is4In6())
	})
}

func FuzzUnix(f *testing.F) {
	f.Add([]byte(unixHeading + "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/a b\nc\n\n0: 2 0 0 2 1 0\n"))
	f.Add([]byte("0: 2 0 0 1 3 5 @\x00\n" + strings.Repeat("x", 200)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var sockets []index.Socket
		bad := badLines{gap: func(index.Gap) {}, place: "/proc/net/unix"}
		require.NoError(t, eachLine(bufio.NewReaderSize(bytes.NewReader(data), maxText), &unixTable{add: func(s index.Socket) { sockets = append(sockets, s) }}, &bad))
		bad.done()
		kept := bytes.Count(data, []byte("\n")) + 1
		require.LessOrEqual(t, len(sockets), kept)
		for _, s := range sockets {
			require.NotEmpty(t, s.State)
			if strings.Contains(s.Path, "\n") {
				require.LessOrEqual(t, len(s.Path), maxUnixPath)
			}
		}
	})
}

func FuzzCmdline(f *testing.F) {
	for _, seed := range []string{"", "a\x00b\x00", "\x00\x00", "a\x00\x00b", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		joined := strings.Join(splitArgs(data), "\x00")
		require.Equal(t, strings.TrimSuffix(string(data), "\x00"), joined, "no byte is lost")
	})
}

func FuzzStat(f *testing.F) {
	f.Add([]byte(statLine(7, "a) R 1\n", "S", 0, 9)))
	f.Add([]byte("7 (a) S"))
	f.Add([]byte(")("))
	// procfs reads octal here and this package does not: the two readings disagree, which is a gap.
	f.Add([]byte("7 ()00 080 0800 080 00080 080 0000080 0800 08 080 080 0 0 0 0 0 0 0 00 1 080 080 080 080 008 080"))
	dir := f.TempDir()
	craft(f, dir, map[string]any{"7/x": ""})
	f.Fuzz(func(t *testing.T, data []byte) {
		now, err := parseStat(data)
		if err == nil {
			require.GreaterOrEqual(t, len(data), 20)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "7/stat"), data, 0o600))
		var got *index.Process
		changed := false
		_, err2 := readProcesses(context.Background(), Options{Proc: dir}, &index.Host{Booted: 1}, func(p *index.Process) error {
			got = p
			return nil
		}, func(g index.Gap) { changed = changed || g.Reason == index.ReasonChanged })
		require.NoError(t, err2)
		if got != nil {
			require.NoError(t, err)
			require.Equal(t, 7, got.PID)
			require.Equal(t, 7, now.pid)
			require.Equal(t, changed, now.start() != got.StartTime)
		}
	})
}

func FuzzStatus(f *testing.F) {
	f.Add([]byte(statusText))
	f.Add([]byte("Uid:\t1\nGid:\nGroups: x\nNSpid:\t-1\nVmRSS: 99999999999999999999 kB\nCapEff:\tzz\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p index.Process
		if parseStatus(data, &p) == nil {
			require.NotNil(t, p.EUID)
			require.NotNil(t, p.GID)
		}
	})
}

func FuzzLimits(f *testing.F) {
	f.Add([]byte(limitsText))
	f.Add([]byte("\nMax open files            1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		limits, err := parseLimits(data)
		for _, l := range limits {
			require.GreaterOrEqual(t, l.Soft, int64(-1))
			require.GreaterOrEqual(t, l.Hard, int64(-1))
		}
		if err == nil {
			require.Contains(t, string(data), "\n")
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add([]byte("root:x:0:0:root:/root:/bin/bash"))
	f.Add([]byte("adm:x:4:syslog,,ann"))
	f.Add([]byte("ssh\t22/tcp\t# x"))
	f.Add([]byte(`36 35 98:0 /mnt1 /mnt\0402\134x rw,noatime master:1 - ext3 /dev/root rw`))
	f.Add([]byte("1 2 - - - - - - -"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if u, ok, _ := parseUser(line); ok {
			require.Contains(t, string(line), u.Name)
		}
		if g, ok, _ := parseGroup(line); ok {
			require.NotContains(t, g.Members, "")
		}
		if s, ok, _ := parseService(line); ok {
			require.NotEmpty(t, s.Name)
			require.Contains(t, []string{"tcp", "udp"}, s.Proto)
		}
		if m, ok, _ := parseMount(line); ok {
			require.LessOrEqual(t, len(m.Point), len(line))
		}
	})
}

func FuzzHostText(f *testing.F) {
	f.Add([]byte("ID=debian\nVERSION_ID=\"1\\\"2\"\nPRETTY_NAME='x'\n"))
	f.Add([]byte("0.52 0.41 0.30 2/234 5678"))
	f.Add([]byte("/usr/share/zoneinfo/posix/Europe/Berlin"))
	f.Add([]byte("TZif2\n\nCET-1CEST,M3.5.0,M10.5.0/3\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		parseOSRelease(data)
		parseModules(data)
		_, _ = parseLoad(data)
		_, _ = parseUptime(data)
		containerID(string(data))
		name := zoneName(string(data))
		require.NotContains(t, name, "..")
		require.NotContains(t, name, "\x1b")
		require.NotEmpty(t, zoneRule(data))
	})
}

func FuzzProcessText(f *testing.F) {
	for _, seed := range []string{mapsText, ioText, "0::/system.slice/a.service\n4:cpu:/docker/" + id64, "pos:\t4096\nflags:\t02102001\nmnt_id:\t26\nino:\t77\ntfd: 5\nPid:\t7\n",
		"A=b\x00c\x00=\x00http_proxy=http://a:b@c\x00", "1500 20 3", "0-1 r-xp 0 0:0 0"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := parseMaps(data)
		require.LessOrEqual(t, len(m.kept), maxMappings)
		for _, one := range m.kept {
			require.Len(t, one.Perms, 4)
		}
		if io, err := parseIO(data); err == nil {
			require.NotNil(t, io)
		}
		path, container, _ := cgroupOf(data)
		require.Contains(t, string(data), path)
		require.NotContains(t, container, "/")
		unit := index.UnitOf(path)
		require.Contains(t, path, unit)
		for _, kind := range []string{"file", "anon", "memfd"} {
			one := index.OpenFile{Type: kind}
			_ = parseFDInfo(data, &one)
			require.LessOrEqual(t, len(one.Detail), 2*maxDetail)
		}
		for _, all := range []bool{false, true} {
			vars := parseEnviron(data, all, nil)
			require.LessOrEqual(t, len(vars), maxVariables)
			for _, v := range vars {
				require.NotEmpty(t, v.Name)
				require.True(t, !all || v.Value != nil)
			}
		}
		_ = parseSchedstat(data, &index.Process{})
		if s, err := parseStat(data); err == nil {
			require.Len(t, s.state, 1)
			interval(&s, &s, 1)
		}
	})
}

func FuzzDirent(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x18\x00\x08a\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for rest := data; len(rest) > 0; {
			same, kind, after := parseDirent(string(rest))
			before := len(rest)
			var text []byte
			text, _, rest = parseDirent(rest)
			require.Less(t, len(rest), before)
			require.Equal(t, same, string(text))
			require.Equal(t, after, string(rest))
			if same != "" {
				e := entry{same[:len(same)-1], kind}
				require.NotEmpty(t, e.Name())
				require.NotContains(t, e.Name(), "\x00")
			}
		}
	})
}
