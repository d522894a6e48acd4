package proc

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"stilltrace/index"
)

// anyAccount stands for the accounts of a file of keys that opens all.
const anyAccount = "*"

// authorizedKeys reads the keys that open each account (sshd(8)): those where
// sshd looks by default, and where sshd_config(5) tells it to. A file that is
// that of several accounts is read once.
func (h *hostReader) authorizedKeys() {
	var names []string
	opens := map[string][]string{}
	type opening struct{ name, user string }
	seen := map[opening]bool{}
	patterns := h.keyFiles()
	for i := range h.host.Users {
		u := &h.host.Users[i]
		for _, pattern := range patterns {
			of := opening{keyFile(pattern, u), u.Name}
			if path.IsAbs(pattern) && !strings.Contains(pattern, "%") {
				of.user = anyAccount
			}
			if of.name == "" || seen[of] {
				continue
			}
			seen[of] = true
			if opens[of.name] == nil {
				names = append(names, of.name)
			}
			opens[of.name] = append(opens[of.name], of.user)
		}
	}
	for _, name := range names {
		h.keysOf(opens[name], name)
	}
}

// keyFiles are the patterns of AuthorizedKeysFile of sshd's configuration, which
// was read before, for everybody or for some.
func (h *hostReader) keyFiles() []string {
	patterns := []string{".ssh/authorized_keys", ".ssh/authorized_keys2"}
	if h.host.SSHD == nil {
		return patterns
	}
	add := func(options []index.SSHDOption) {
		for _, o := range options {
			if o.Key == "authorizedkeysfile" && len(patterns) < maxKeyFiles {
				patterns = append(patterns, strings.Fields(strings.ReplaceAll(o.Value, `"`, " "))...)
			}
		}
	}
	add(h.host.SSHD.Options)
	for _, m := range h.host.SSHD.Matches {
		add(m.Options)
	}
	return patterns
}

// keyFile is the file of a pattern for one user, within the root; "" where
// there is none.
func keyFile(pattern string, u *index.User) string {
	if pattern == "none" {
		return ""
	}
	name := strings.NewReplacer("%%", "%", "%h", u.Home, "%u", u.Name, "%U", fmt.Sprint(u.UID)).Replace(pattern)
	if !path.IsAbs(name) {
		if !path.IsAbs(u.Home) {
			return ""
		}
		name = path.Join(u.Home, name)
	}
	return strings.TrimPrefix(path.Clean(name), "/")
}

// keysOf reads the keys in a file, for each account that it opens.
func (h *hostReader) keysOf(users []string, name string) {
	f, err := h.root.open(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			reason, _ := explain(err)
			// Homes that are no directory (/dev/null, /bin/sync) hold no keys.
			if reason != index.ReasonUnsupported {
				h.fail(h.root.at(name), err)
			}
		}
		return
	}
	mtime := index.Time(f.stat.Mtim.Nano())
	_ = f.Close()
	data := h.read(h.root, name, maxNames)
	bad := badLines{gap: h.gap, area: areaHost, place: h.root.at(name)}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		key, ok, err := parseKey(strings.TrimSpace(line))
		if err != nil {
			bad.note(n, err)
		}
		if !ok {
			continue
		}
		key.Path, key.Line, key.Mtime = h.root.at(name), n, mtime
		for _, key.User = range users[:min(len(users), maxEntries-len(h.host.Keys))] {
			h.host.Keys = append(h.host.Keys, key)
		}
	}
	bad.done()
}

// parseKey reads one line: options with quotes, where there are any, then the
// type, the key in base64, and a comment.
func parseKey(line string) (key index.AuthorizedKey, ok bool, err error) {
	if line == "" || line[0] == '#' {
		return key, false, nil
	}
	word, rest := cutWord(line)
	if !isKeyType(word) {
		key.Options = word
		word, rest = cutWord(rest)
	}
	blob, comment := cutWord(rest)
	raw, bad := base64.StdEncoding.DecodeString(blob)
	if !isKeyType(word) || bad != nil || len(raw) == 0 {
		return key, false, torn("no key in %.40q", line)
	}
	sum := sha256.Sum256(raw)
	key.Type, key.Comment = word, comment
	key.Fingerprint = "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
	return key, true, nil
}

func isKeyType(s string) bool {
	return strings.HasPrefix(s, "ssh-") || strings.HasPrefix(s, "ecdsa-sha2-") || strings.HasPrefix(s, "sk-ssh-") || strings.HasPrefix(s, "sk-ecdsa-")
}

// cutWord cuts at the first blank that is not between quotes.
func cutWord(s string) (word, rest string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case (s[i] == ' ' || s[i] == '\t') && !quoted:
			return s[:i], strings.TrimLeft(s[i:], " \t")
		}
	}
	return s, ""
}
