package proc

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// What the kernel answers for single mappings is what its text says of them,
// and what is deleted, in memory only, or not of a file is told as such.
func TestLiveMappings(t *testing.T) {
	anonymous, err := unix.Mmap(-1, 0, 8192, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	defer unix.Munmap(anonymous) //nolint:errcheck // it ends with the process
	fd, err := unix.MemfdCreate("code", unix.MFD_CLOEXEC)
	require.NoError(t, err)
	require.NoError(t, unix.Ftruncate(fd, 4096))
	inMemory, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
	require.NoError(t, err)
	defer unix.Munmap(inMemory) //nolint:errcheck // likewise
	lost, err := os.Create(filepath.Join(t.TempDir(), "a b\nc"))
	require.NoError(t, err)
	require.NoError(t, lost.Truncate(4096))
	shared, err := unix.Mmap(int(lost.Fd()), 0, 4096, unix.PROT_READ, unix.MAP_SHARED)
	require.NoError(t, err)
	defer unix.Munmap(shared) //nolint:errcheck // likewise
	require.NoError(t, os.Remove(lost.Name()))

	p := take(t, live()).processes[os.Getpid()]
	text, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	want := parseMaps(text)
	require.NoError(t, want.bad)
	for _, m := range p.Maps {
		require.NotZero(t, m.Size)
	}
	for _, one := range []index.Mapping{
		{Path: p.Exe, Perms: "r-xp"}, {Path: "/memfd:code", Perms: "r-xp", Deleted: true}, {Path: lost.Name(), Perms: "r--s", Deleted: true}, {Perms: "rwxp"},
	} {
		same := func(m index.Mapping) bool {
			return m.Path == one.Path && m.Perms == one.Perms && m.Deleted == one.Deleted
		}
		i, k := slices.IndexFunc(p.Maps, same), slices.IndexFunc(want.kept, same)
		require.GreaterOrEqual(t, i, 0, "%v in %v", one, p.Maps)
		require.GreaterOrEqual(t, k, 0, "%v", one)
		require.Equal(t, want.kept[k], p.Maps[i])
	}
}

// An executable and a script are known by their bytes, also where their names
// are gone or mean another file by now.
func TestLiveExecutables(t *testing.T) {
	dir := t.TempDir()
	path := copyBinary(t, dir, "gone")
	script := filepath.Join(dir, "job.sh")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\necho ready\nread x\n"), 0o755))
	sum := func(name string) string {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		return fmt.Sprintf("%x", sha256.Sum256(data))
	}
	want, wantScript := sum(path), sum(script)
	child := &exec.Cmd{Path: path, Args: []string{"x"}}
	startReady(t, child)
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, []byte("another"), 0o755))
	shell := exec.Command(script)
	startRoleOf(t, shell)

	s := take(t, live())
	p := s.processes[child.Process.Pid]
	require.Equal(t, want, p.ExeSHA256)
	require.True(t, p.ExeGone)
	require.Zero(t, p.ExeFile.Links)
	require.EqualValues(t, 0o755, p.ExeFile.Mode)
	require.Nil(t, p.Script)
	j := s.processes[shell.Process.Pid]
	require.Equal(t, &index.Script{Path: script, File: j.Script.File, SHA256: wantScript}, j.Script)
	require.EqualValues(t, 1, j.Script.File.Links)

	o := live()
	o.NoHash = true
	p = take(t, o).processes[child.Process.Pid]
	require.Empty(t, p.ExeSHA256)
	require.NotNil(t, p.ExeFile)
}

func TestScriptOf(t *testing.T) {
	for args, want := range map[string]string{
		"/bin/sh /opt/x y": "/opt/x", "/usr/bin/python3.11 -u -W x.py": "x.py", "/bin/bash -c echo": "", "/usr/bin/perl -e 1": "", "/usr/bin/python3 -m http.server": "",
		"/usr/sbin/nginx -g x": "", "/bin/bash": "", "/bin/bash -": "", "/bin/sh -- -x": "-x", "/bin/busybox sh /init": "/init",
	} {
		f := strings.Fields(args)
		require.Equal(t, want, scriptOf(f[0], f), args)
	}
	// A link to busybox is an applet of its own.
	require.Equal(t, "/init", scriptOf("/bin/busybox", []string{"/bin/sh", "/init", "start"}))
	require.Equal(t, "/init", scriptOf("/bin/busybox", []string{"-sh", "-x", "/init", "start"}))
	require.Empty(t, scriptOf("/bin/busybox", []string{"busybox", "sh"}))
}

// Values that may be secrets stay out of the case unless they are asked for.
func TestLiveEnvironment(t *testing.T) {
	child := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"x"}, Env: []string{"API_TOKEN=secret", "LD_LIBRARY_PATH=/opt"}}
	startReady(t, child)
	values := func(o Options) map[string]*string {
		all := map[string]*string{}
		for _, v := range take(t, o).processes[child.Process.Pid].Environ {
			all[v.Name] = v.Value
		}
		return all
	}
	require.Equal(t, map[string]*string{"API_TOKEN": nil, "LD_LIBRARY_PATH": ptr("/opt"), waitVariable: nil, roleVariable: nil}, values(live()))
	o := live()
	o.Environ = true
	require.Equal(t, map[string]*string{"API_TOKEN": ptr("secret"), "LD_LIBRARY_PATH": ptr("/opt"), waitVariable: ptr("1"), roleVariable: ptr("wait")}, values(o))
}
