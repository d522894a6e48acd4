package proc

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"stilltrace/index"
)

// environ reads proc_pid_environ(5).
func (v *visit) environ() ([]index.Variable, error) {
	data, err := v.dir.whole("environ", maxEnviron)
	if err != nil && !errors.Is(err, errTooLarge) {
		return nil, err
	}
	if err != nil {
		return parseEnviron(data, v.Environ, v.words), err
	}
	return v.environs.of(data, func(data []byte) ([]index.Variable, error) { return parseEnviron(data, v.Environ, v.words), nil })
}

// parseEnviron splits an environment, by name. What has no "=" is no
// variable: a program may have written its title over them.
func parseEnviron(data []byte, all bool, words words) []index.Variable {
	vars := make([]index.Variable, 0, min(bytes.Count(data, []byte{0})+1, maxVariables))
	for len(data) > 0 && len(vars) < maxVariables {
		var entry []byte
		entry, data, _ = bytes.Cut(data, []byte{0})
		key, value, ok := bytes.Cut(entry, []byte("="))
		if !ok || len(key) == 0 || len(key) > maxName {
			continue
		}
		name := words.of(key)
		out := index.Variable{Name: *name}
		switch value = value[:min(len(value), maxVariable)]; {
		case all || harmless(*name) && !isProxy(*name):
			out.Value = words.of(value)
		case isProxy(*name):
			text := withoutCredentials(string(value))
			out.Value = &text
		}
		vars = append(vars, out)
	}
	if len(vars) == 0 {
		return nil
	}
	slices.SortStableFunc(vars, func(a, b index.Variable) int { return strings.Compare(a.Name, b.Name) })
	return vars
}

func isProxy(name string) bool {
	return len(name) > 6 && strings.EqualFold(name[len(name)-6:], "_proxy") && harmlessNames[name]
}

// harmlessNames are the variables whose values explain a process and are no
// secrets: what the loader and the interpreters run before the program, who
// logged in from where, what the service manager and the container say.
var harmlessNames = map[string]bool{
	"PATH": true, "HOME": true, "USER": true, "LOGNAME": true, "SHELL": true, "PWD": true, "OLDPWD": true, "TERM": true, "TZ": true, "LANG": true, "MAIL": true,
	"SUDO_USER": true, "SUDO_UID": true, "SUDO_GID": true, "SUDO_COMMAND": true, "DISPLAY": true,
	"XDG_SESSION_ID": true, "XDG_SESSION_TYPE": true, "XDG_RUNTIME_DIR": true, "INVOCATION_ID": true, "JOURNAL_STREAM": true, "NOTIFY_SOCKET": true,
	"LISTEN_PID": true, "LISTEN_FDS": true, "LISTEN_FDNAMES": true, "MAINPID": true, "TMUX": true, "STY": true,
	"container": true, "container_uuid": true, "HOSTNAME": true, "KUBERNETES_SERVICE_HOST": true, "KUBERNETES_SERVICE_PORT": true,
	"PYTHONPATH": true, "PYTHONSTARTUP": true, "PERL5LIB": true, "PERLLIB": true, "RUBYLIB": true, "NODE_PATH": true, "CLASSPATH": true,
	"BASH_ENV": true, "ENV": true, "PROMPT_COMMAND": true, "GCONV_PATH": true, "IFS": true, "VIRTUAL_ENV": true,
	"http_proxy": true, "https_proxy": true, "ftp_proxy": true, "all_proxy": true, "no_proxy": true,
	"HTTP_PROXY": true, "HTTPS_PROXY": true, "FTP_PROXY": true, "ALL_PROXY": true, "NO_PROXY": true,
}

// The dynamic linker (ld.so(8)), ssh(1) and the history of shells have many
// variables; others begin theirs likewise (LD_SDK_KEY, SSH_PRIVATE_KEY), which
// is why each is named.
var (
	harmlessLinker = []string{
		"PRELOAD", "LIBRARY_PATH", "AUDIT", "DEBUG", "DEBUG_OUTPUT", "BIND_NOW", "BIND_NOT", "ORIGIN_PATH", "PROFILE", "PROFILE_OUTPUT", "SHOW_AUXV",
		"TRACE_LOADED_OBJECTS", "DYNAMIC_WEAK", "HWCAP_MASK", "POINTER_GUARD", "USE_LOAD_BIAS", "VERBOSE", "WARN", "ASSUME_KERNEL", "PREFER_MAP_32BIT_EXEC", "RUN_PATH",
	}
	harmlessSSH = []string{
		"CONNECTION", "CLIENT", "TTY", "AUTH_SOCK", "AGENT_PID", "AGENT_LAUNCHER", "ORIGINAL_COMMAND", "USER_AUTH", "TUNNEL", "ASKPASS", "ASKPASS_REQUIRE",
		"SK_PROVIDER", "SK_HELPER", "PKCS11_HELPER",
	}
	harmlessHistory = []string{"FILE", "SIZE", "FILESIZE", "CONTROL", "IGNORE", "TIMEFORMAT", "APPEND"}
)

func harmless(name string) bool {
	if harmlessNames[name] {
		return true
	}
	for _, family := range []struct {
		start string
		rest  []string
	}{{"LD_", harmlessLinker}, {"SSH_", harmlessSSH}, {"HIST", harmlessHistory}} {
		if rest, ok := strings.CutPrefix(name, family.start); ok {
			return slices.Contains(family.rest, rest)
		}
	}
	return false
}

// withoutCredentials takes the user and the password out of a URL:
// http://user:secret@proxy:3128 becomes http://…@proxy:3128.
func withoutCredentials(url string) string {
	at := strings.LastIndexByte(url, '@')
	if at < 0 {
		return url
	}
	from := 0
	if i := strings.Index(url, "://"); i >= 0 && i < at {
		from = i + 3
	}
	return url[:from] + "…" + url[at:]
}
