package proc

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// watchedFiles start programs, or say who may do what: shells, PAM, sudo(8),
// the loader, the resolver, package managers, udev(7).
var watchedFiles = []string{
	"etc/bash.bashrc", "etc/bashrc", "etc/doas.conf", "etc/environment", "etc/fstab", "etc/hosts.allow", "etc/hosts.deny", "etc/inittab", "etc/ld.so.conf", "etc/login.defs",
	"etc/modules", "etc/nsswitch.conf", "etc/pam.conf", "etc/profile", "etc/rc.local", "etc/rc.d/rc.local", "etc/ssh/ssh_config", "etc/ssh/sshd_config", "etc/sudoers", "etc/sysctl.conf",
	"etc/zsh/zshenv", "etc/zsh/zshrc", "etc/zshenv", "etc/zshrc",
}

// watchedFolders hold such files, one beside the other.
var watchedFolders = []string{
	"etc/NetworkManager/dispatcher.d", "etc/apt/apt.conf.d", "etc/binfmt.d", "etc/dnf/plugins", "etc/dpkg/dpkg.cfg.d", "etc/init.d", "etc/kernel/postinst.d", "etc/ld.so.conf.d", "etc/logrotate.d",
	"etc/modprobe.d", "etc/modules-load.d", "etc/network/if-up.d", "etc/pam.d", "etc/polkit-1/rules.d", "etc/profile.d", "etc/security", "etc/ssh/sshd_config.d", "etc/sudoers.d", "etc/sysctl.d",
	"etc/tmpfiles.d", "etc/udev/rules.d", "etc/update-motd.d", "etc/X11/Xsession.d", "etc/xdg/autostart", "etc/yum/pluginconf.d",
}

// watchedSecrets hold what passwords are checked by: of them not even a digest
// is taken.
var watchedSecrets = []string{"etc/shadow", "etc/gshadow"}

// watchedAtHome are those of each user, and watchedFolderAtHome likewise.
var watchedAtHome = []string{
	".bash_login", ".bash_logout", ".bash_profile", ".bashrc", ".pam_environment", ".profile", ".xinitrc", ".xprofile", ".xsessionrc", ".zlogin", ".zprofile", ".zshenv", ".zshrc",
	".ssh/config", ".ssh/environment", ".ssh/known_hosts", ".ssh/rc",
}

const watchedFolderAtHome = ".config/autostart"

// watchSystem notes what the files of the host are that start something.
func (h *hostReader) watchSystem() {
	for _, name := range watchedSecrets {
		h.watch(name, false)
	}
	for _, name := range watchedFiles {
		h.watch(name, true)
	}
	for _, dir := range watchedFolders {
		h.watchFolder(dir)
	}
}

// watchHomes notes those of the users.
func (h *hostReader) watchHomes() {
	seen := map[string]bool{"": true}
	for i := range h.host.Users {
		home := strings.TrimPrefix(path.Clean("/"+h.host.Users[i].Home), "/")
		if seen[home] {
			continue
		}
		seen[home] = true
		for _, name := range watchedAtHome {
			h.watch(home+"/"+name, true)
		}
		h.watchFolder(home + "/" + watchedFolderAtHome)
	}
}

func (h *hostReader) watchFolder(dir string) {
	f, err := h.root.folder(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
			h.fail(h.root.at(dir), err)
		}
		return
	}
	defer f.close()
	for _, e := range f.entries {
		if !e.IsDir() {
			h.watch(dir+"/"+e.Name(), true)
		}
	}
}

// watch notes one file, if it is there: what it is, where a link leads, and its
// digest. What is no file and no link has no text that anybody reads.
func (h *hostReader) watch(name string, digest bool) {
	one := index.WatchedFile{Path: h.root.at(name)}
	f, err := h.openWatched(name, &one.Target)
	switch {
	case err == nil:
		defer f.Close()
		one.File = identityOf(&f.stat)
		if digest {
			one.SHA256, err = h.root.digestOf(f)
		}
	case one.Target != "" && (errors.Is(err, errUnsupported) || errors.Is(err, fs.ErrNotExist)):
		err = nil // a link to /dev/null switches a file off
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errUnsupported), errors.Is(err, unix.ENOTDIR):
		return
	}
	if err != nil {
		h.fail(one.Path, err)
	}
	if one.File == nil && one.Target == "" {
		return
	}
	if len(h.host.Watched) == maxWatched {
		h.fail(one.Path, errTooLarge)
		return
	}
	h.host.Watched = append(h.host.Watched, one)
}

// openWatched opens a file, and tells where it leads if it is a link. Most are
// not there, or are plain files: these are looked at once.
func (h *hostReader) openWatched(name string, target *string) (*file, error) {
	st, err := h.root.look(name)
	switch {
	case err != nil && !errors.Is(err, errLinks):
		return nil, err
	case err == nil && isRegular(st):
		return h.root.openPlain(name)
	}
	*target, _ = h.root.link(name)
	return h.root.open(name)
}

// digestOf is the SHA-256 of a file of the size that people write.
func (t *tree) digestOf(f *file) (string, error) {
	data, err := dir{buf: &t.buf}.fill(f.fd, maxNames, false, unix.Read)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
