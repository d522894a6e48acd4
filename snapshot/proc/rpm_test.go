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

	"stilltrace/index"
)

// rpmDatabase is the database of rpm 4.18 after it had installed web, a package
// with an epoch, and tools, whose header takes several pages.
func rpmDatabase(t testing.TB) string {
	f, err := os.Open("testdata/rpmdb.sqlite.gz")
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
	for _, place := range []string{"var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite"} {
		t.Run(place, func(t *testing.T) {
			root := t.TempDir()
			craft(t, root, map[string]any{
				"etc/passwd": passwd, place: rpmDatabase(t), place + "-wal": "",
				"usr/sbin/web": "the web server", "usr/bin/tool": "another tool", "usr/sbin/own": "x",
			})
			h := index.Host{Programs: []index.Program{{Path: "/usr/bin/gone"}, {Path: "/usr/bin/tool"}, {Path: "/usr/sbin/own"}, {Path: "/usr/sbin/web"}}}
			ReadFiles(Options{Root: root}, &h, func(g index.Gap) { t.Errorf("%+v", g) })
			require.Equal(t, rpmPackages, h.Packages)
			require.Equal(t, []index.Program{
				{Path: "/usr/bin/gone"},
				{Path: "/usr/bin/tool", Package: "tools", SHA256: sha256Of("a tool"), Verified: index.VerifiedDiffers},
				{Path: "/usr/sbin/own"},
				{Path: "/usr/sbin/web", Package: "web", SHA256: sha256Of("the web server"), Verified: index.VerifiedSame},
			}, h.Programs)
		})
	}
}

func TestPackagesOfRPMGaps(t *testing.T) {
	whole := rpmDatabase(t)
	header := strings.LastIndex(whole, "\x00\x00\x00\x3f\x00\x00\x00\x07") // the first entry of tools, which stands behind the two numbers
	require.Positive(t, header)
	for _, c := range []struct {
		name, place, text string
		gap               index.Gap
		packages          int
	}{
		{"berkeley db", "var/lib/rpm/Packages", "x", index.Gap{Reason: index.ReasonUnsupported, Count: 1, Detail: "packages in a database of this kind are not read: rpm -qa, rpm -Va"}, 0},
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
