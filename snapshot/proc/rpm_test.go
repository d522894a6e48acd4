package proc

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// rpmDatabase is the database of rpm 4.18 after it had installed web, a package
// with an epoch, and tools, whose header takes several pages.
func rpmDatabase(t testing.TB) string { return unpacked(t, "rpmdb.sqlite.gz") }

// oldDatabase has the same headers, put by Berkeley DB 5.3 where rpm had them
// up to 4.15. (No rpm of today makes such a database, and that of Debian none
// of ndb.)
func oldDatabase(t testing.TB) string { return unpacked(t, "rpm.Packages.gz") }

func unpacked(t testing.TB, name string) string {
	f, err := os.Open("testdata/" + name)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	data, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(data)
}

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

var rpmPackages = []index.Package{
	{Name: "web", Version: "1:2.4-3", Arch: "x86_64", Installed: 1795836006e9},
	{Name: "tools", Version: "1-1", Arch: "noarch", Installed: 1795836006e9},
}

func TestPackagesOfRPM(t *testing.T) {
	for place, database := range map[string]string{"var/lib/rpm/rpmdb.sqlite": rpmDatabase(t), "usr/lib/sysimage/rpm/rpmdb.sqlite": rpmDatabase(t), "var/lib/rpm/Packages": oldDatabase(t)} {
		t.Run(place, func(t *testing.T) {
			root := t.TempDir()
			craft(t, root, map[string]any{
				"etc/passwd": passwd, place: database, place + "-wal": "",
				"usr/sbin/web": "the web server", "usr/bin/tool": "another tool", "usr/sbin/own": "x",
			})
			h := index.Host{Programs: []index.Program{{Path: "/usr/bin/gone"}, {Path: "/usr/bin/tool"}, {Path: "/usr/sbin/own"}, {Path: "/usr/sbin/web"}}}
			ReadFiles(Options{Root: root}, &h, func(g index.Gap) { t.Errorf("%+v", g) })
			require.ElementsMatch(t, rpmPackages, h.Packages)
			require.Equal(t, []index.Program{
				{Path: "/usr/bin/gone"},
				{Path: "/usr/bin/tool", Package: "tools", SHA256: sha256Of("a tool"), Verified: index.VerifiedDiffers},
				{Path: "/usr/sbin/own"},
				{Path: "/usr/sbin/web", Package: "web", SHA256: sha256Of("the web server"), Verified: index.VerifiedSame},
			}, h.Programs)
		})
	}
}

// What runs was hashed already: it is not read once more, unless it is another
// file by now.
func TestProgramHashedBefore(t *testing.T) {
	root := t.TempDir()
	craft(t, root, map[string]any{"etc/passwd": passwd, "var/lib/rpm/rpmdb.sqlite": rpmDatabase(t), "usr/sbin/web": "the web server"})
	var st unix.Stat_t
	require.NoError(t, unix.Stat(filepath.Join(root, "usr/sbin/web"), &st))
	for name, c := range map[string]struct {
		change func(one *index.FileIdentity)
		want   index.Verified
	}{
		"the same file":       {func(*index.FileIdentity) {}, index.VerifiedDiffers},
		"written to since":    {func(one *index.FileIdentity) { one.Mtime-- }, index.VerifiedSame},
		"another of its name": {func(one *index.FileIdentity) { one.Inode++ }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			one := index.Program{Path: "/usr/sbin/web", Runs: identityOf(&st), Sum: sha256Of("what was hashed")}
			c.change(one.Runs)
			h := index.Host{Programs: []index.Program{one}}
			ReadFiles(Options{Root: root}, &h, func(g index.Gap) { t.Errorf("%+v", g) })
			require.Equal(t, c.want, h.Programs[0].Verified)
		})
	}
}

func TestPackagesOfRPMGaps(t *testing.T) {
	whole := rpmDatabase(t)
	header := strings.LastIndex(whole, "\x00\x00\x00\x3f\x00\x00\x00\x07") // the first entry of tools, which stands behind the two numbers
	require.Positive(t, header)
	old := oldDatabase(t)
	for _, c := range []struct {
		name, place, text string
		gap               index.Gap
		packages          int
	}{
		{"not berkeley db", "var/lib/rpm/Packages", strings.Repeat("x", 1000), index.Gap{Reason: index.ReasonTorn, Count: 1, Detail: "not of the known shape: no hash of Berkeley DB"}, 0},
		{"berkeley db, cut", "var/lib/rpm/Packages", old[:len(old)-4096], index.Gap{Reason: index.ReasonTorn, Count: 1, Detail: "not of the known shape: 4096 bytes at 20480 of 20480"}, 0},
		{"berkeley db, too short", "var/lib/rpm/Packages", "x", index.Gap{Reason: index.ReasonTorn, Count: 1, Detail: "not of the known shape: 512 bytes at 0 of 1"}, 0},
		{"ndb", "usr/lib/sysimage/rpm/Packages.db", "x", index.Gap{Reason: index.ReasonUnsupported, Count: 1, Detail: "packages in a database of this kind are not read: rpm -qa, rpm -Va"}, 0},
		{"empty", "var/lib/rpm/rpmdb.sqlite", "", index.Gap{Reason: index.ReasonTorn, Count: 1, Detail: "not of the known shape: no header of SQLite"}, 0},
		{"cut before the second package", "var/lib/rpm/rpmdb.sqlite", whole[:len(whole)-4096], index.Gap{Reason: index.ReasonTorn, Count: 1, Detail: "not of the known shape: page 56 of 55"}, 1},
		{"a header longer than its row", "var/lib/rpm/rpmdb.sqlite", whole[:header-4] + "\x7f" + whole[header-3:], index.Gap{Reason: index.ReasonTorn, Count: 1, Detail: "headers of packages that end too early"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, gaps := files(t, map[string]any{"etc/passwd": passwd, c.place: c.text})
			require.Len(t, h.Packages, c.packages)
			c.gap.Area, c.gap.Place = areaHost, "/"+c.place
			require.Equal(t, []index.Gap{c.gap}, gaps)
		})
	}
}

// What rpm says of a package that it built and installed itself, one whose
// header takes dozens of pages.
func TestLiveRPM(t *testing.T) {
	for _, program := range []string{"rpm", "rpmbuild"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("apt-get install rpm: %v", err)
		}
	}
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	spec := filepath.Join(dir, "many.spec")
	require.NoError(t, os.WriteFile(spec, []byte(`
Name: many
Version: 3.1
Release: 2
Epoch: 4
Summary: Many files
License: MIT
BuildArch: noarch
%description
Many.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share/many
printf 'the program' > %{buildroot}/usr/bin/many
for i in $(seq 1500); do echo $i > %{buildroot}/usr/share/many/file-$i; done
%files
/usr/bin/many
/usr/share/many
`), 0o600))
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "HOME="+dir, "LC_ALL=C")
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		require.NoError(t, err, "%s %s: %s", name, args, &errs)
		return string(out)
	}
	run("rpmbuild", "-bb", "--define", "_topdir "+dir, "--define", "_rpmdir "+dir, spec)
	require.NoError(t, os.MkdirAll(root, 0o700))
	rpm := []string{"--root", root, "--dbpath", "/var/lib/rpm"}
	run("rpm", append(rpm, "-i", "--nodeps", filepath.Join(dir, "noarch", "many-3.1-2.noarch.rpm"))...)
	said := run("rpm", append(rpm, "-qa", "--qf", "%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE} %{ARCH} %{INSTALLTIME}\n")...)
	digest := strings.TrimSpace(run("rpm", append(rpm, "-q", "many", "--qf", "%{FILEDIGESTS}")...))

	take := func() index.Host {
		h := index.Host{Programs: []index.Program{{Path: "/usr/bin/many"}}}
		ReadFiles(Options{Root: root}, &h, func(g index.Gap) {
			require.NotContains(t, g.Place, "rpm")
		})
		return h
	}
	h := take()
	require.Len(t, h.Packages, 1)
	p := h.Packages[0]
	require.Equal(t, said, fmt.Sprintf("%s %s %s %d\n", p.Name, p.Version, p.Arch, int64(p.Installed)/1e9))
	want := index.Program{Path: "/usr/bin/many", Package: "many", SHA256: digest, Verified: index.VerifiedSame}
	require.Equal(t, []index.Program{want}, h.Programs)

	require.NoError(t, os.WriteFile(filepath.Join(root, "usr/bin/many"), []byte("another one"), 0o755))
	want.Verified = index.VerifiedDiffers
	require.Equal(t, []index.Program{want}, take().Programs)
}

// Whatever stands in a database, reading it comes to an end, and no page is read twice.
func FuzzBerkeleyDB(f *testing.F) {
	f.Add([]byte(oldDatabase(f)))
	f.Fuzz(func(t *testing.T, data []byte) {
		size := 0
		_ = bdbHeaders(bytes.NewReader(data), int64(len(data)), func(b []byte) error {
			size += len(b)
			return nil
		})
		require.LessOrEqual(t, size, 2*len(data))
	})
}

// Whatever stands in a header, reading it comes to an end.
func FuzzRPMHeader(f *testing.F) {
	data := rpmDatabase(f)
	db, err := openSQLite(strings.NewReader(data), int64(len(data)), maxPackageHeader)
	require.NoError(f, err)
	require.NoError(f, db.rows("Packages", func(row map[string]any) error {
		f.Add(bytes.Clone(row["blob"].([]byte)))
		return nil
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, ok := openRPMHeader(data)
		if !ok {
			return
		}
		require.LessOrEqual(t, len(h.pkg().Name), maxName)
		all := h.files(map[string]bool{"web": true, "tool": true, "": true})
		require.LessOrEqual(t, len(all), maxPrograms)
	})
}
