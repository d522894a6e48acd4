package process

import (
	"path"
	"strings"

	"stilltrace/index"
	"stilltrace/index/printable"
)

func exeMemfd(_ *host, p *Row) *verdict {
	if !inMemory(p.Exe) {
		return nil
	}
	return &verdict{60, "an executable that lies in memory only",
		[]string{"its executable is " + p.Exe + " (memfd_create(2))"}, []string{"exe"}}
}

func inMemory(file string) bool { return strings.HasPrefix(file, "/memfd:") }

// exeDeleted: a package upgrade replaces executables that run.
func exeDeleted(_ *host, p *Row) *verdict {
	if !p.ExeGone || inMemory(p.Exe) {
		return nil
	}
	v := &verdict{40, "an executable that was deleted or replaced",
		[]string{"its executable " + p.Exe + " is no longer there"}, []string{"exe"}}
	if packaged(p.Exe) {
		v.points = 20
		v.reasons = append(v.reasons, "after an upgrade that is usual until the restart")
	}
	return v
}

// exeDiffers: whoever replaces a program of a package leaves the digest behind
// that the package brought.
func exeDiffers(h *host, p *Row) *verdict {
	one := h.snap.Host.ProgramOf(&p.Process)
	if one == nil || one.Verified != index.VerifiedDiffers {
		return nil
	}
	digest := "the MD5 " + one.MD5
	if one.MD5 == "" {
		digest = "the SHA-256 " + one.SHA256
	}
	return &verdict{60, "a program that is not the one that its package brought",
		[]string{"package " + one.Package + " brought " + p.Exe + " with " + digest + ", and it has another one"}, []string{"exe"}}
}

// packaged reports whether a file lies where packages put theirs (hier(7)) and
// only root writes.
func packaged(file string) bool {
	for _, dir := range []string{"/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/snap/", "/nix/store/"} {
		if strings.HasPrefix(file, dir) {
			return !strings.HasPrefix(file, "/usr/local/")
		}
	}
	return false
}

// exePlace: nothing that was installed lies where anybody may write, or hidden.
func exePlace(_ *host, p *Row) *verdict {
	points, where := oddPlace(p.Exe)
	if points == 0 {
		return nil
	}
	return &verdict{points, "an executable in " + where, []string{"its executable is " + p.Exe}, []string{"exe"}}
}

// scriptPlace is exePlace for what an interpreter was told to run.
func scriptPlace(_ *host, p *Row) *verdict {
	if p.Script == nil {
		return nil
	}
	points, where := oddPlace(p.Script.Path)
	if points == 0 {
		return nil
	}
	return &verdict{max(points-10, 5), "a script in " + where, []string{"it runs the script " + p.Script.Path}, []string{"cmdline"}}
}

// oddPlace says how odd it is that a file is run from where it lies.
func oddPlace(file string) (points int, where string) {
	for _, dir := range []string{"/dev/shm", "/tmp", "/var/tmp", "/dev/mqueue", "/run/user"} {
		if strings.HasPrefix(file, dir+"/") {
			return 50, dir
		}
	}
	if strings.HasPrefix(file, "/dev/") || strings.HasPrefix(file, "/proc/") {
		return 50, "/" + strings.SplitN(file, "/", 3)[1]
	}
	for dir := path.Dir(file); len(dir) > 1; dir = path.Dir(dir) {
		name := path.Base(dir)
		if !strings.HasPrefix(name, ".") || len(name) < 2 {
			continue
		}
		if toolDirectories[name] {
			return 5, "a hidden directory that tools make"
		}
		return 40, "a hidden directory"
	}
	if strings.HasPrefix(path.Base(file), ".") && len(path.Base(file)) > 1 {
		return 40, "a hidden file"
	}
	return 0, ""
}

// toolDirectories are hidden directories in which tools keep their programs.
var toolDirectories = map[string]bool{
	".local": true, ".cargo": true, ".rustup": true, ".nvm": true, ".npm": true, ".pyenv": true, ".rbenv": true, ".venv": true, ".virtualenvs": true,
	".vscode-server": true, ".vscode": true, ".cursor-server": true, ".cache": true, ".config": true, ".deno": true, ".bun": true, ".sdkman": true,
	".asdf": true, ".dotnet": true, ".gem": true, ".nix-profile": true, ".linuxbrew": true, ".docker": true, ".snap": true, ".jdks": true,
}

// fdLimit: at its limit a process accepts no connection and opens no log.
func fdLimit(_ *host, p *Row) *verdict {
	limit := p.limit("nofile")
	if p.FDs == nil || limit <= 0 || int64(*p.FDs) < limit-limit/10 {
		return nil
	}
	return &verdict{30, "almost out of file descriptors",
		[]string{printable.Grouped(int64(*p.FDs)) + " of " + printable.Grouped(limit) + " descriptors are open"}, []string{"fd", "limits"}}
}

// limit is a soft limit; 0 where it is unknown or there is none.
func (r *Row) limit(name string) int64 {
	for i := range r.Limits {
		if r.Limits[i].Name == name {
			return max(r.Limits[i].Soft, 0)
		}
	}
	return 0
}
