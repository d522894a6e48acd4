package logs

import (
	"path"
	"strings"
)

// serviceOf guesses from the path which program wrote a log whose lines do not
// say it: /var/log/nginx/access.log is nginx's, /srv/shop/shop.log shop's.
func serviceOf(name string) string {
	for _, known := range [...]struct{ part, service string }{{"nginx", "nginx"}, {"apache", "apache"}, {"httpd", "apache"}} {
		if strings.Contains(name, known.part) {
			return known.service
		}
	}
	family, _ := rotation(name)
	base, _, _ := strings.Cut(strings.TrimLeft(path.Base(family), "."), ".")
	switch base {
	case "access", "error", "access_log", "error_log", "stdout", "stderr", "log", "":
		// The name says what kind of log it is; whose it is the directory says.
		if dir := path.Base(path.Dir(family)); dir != "log" && dir != "logs" && dir != "/" {
			return dir
		}
	}
	return base
}
