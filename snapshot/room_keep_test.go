package snapshot_test

import (
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/stretchr/testify/require"
)

// stage makes r a whole host, web01, with documentation addresses and the usual
// ports, in the namespaces that testdata/host/record.sh has made. It refuses to
// run anywhere else: it writes to /var/log and /etc.
func (r *room) stage() {
	name, err := os.Hostname()
	require.NoError(r.t, err)
	require.Equal(r.t, "web01", name, "-keep is for testdata/host/record.sh")
	mounts := r.read("/proc/self/mountinfo")
	for _, m := range []string{"/srv", "/etc", "/var/log"} {
		require.Contains(r.t, mounts, " "+m+" ", "-keep is for testdata/host/record.sh")
	}
	r.dir, r.log, r.user = "/srv/room", "/var/log", "alice"
	r.mkdir(r.dir)
	r.ports = map[string]int{"sshd": 22, "syslog": 514, "nginx": 80, "redis": 6379, "postgres": 5432, "app": 9000, "shop": 8000}
	r.at = place{
		listen4: "0.0.0.0", listen6: "::", to4: "192.0.2.10", to6: "2001:db8::10", zone: "Europe/Berlin",
		friend: "198.51.100.23", freed: "203.0.113.9", visitor: "198.51.100.80", browser: "198.51.100.81", redis: "127.0.0.1",
	}
	r.write(0o440, "Defaults:alice !authenticate\nalice ALL=(root) /usr/bin/id\n", "/etc/sudoers.d/alice")
	r.write(0o644, "* * * * * root /bin/true\n", "/etc/cron.d/pulse")
}

// join has cmd start in a control group of its own, named as Debian's
// units name it.
func (r *room) join(name string, cmd *exec.Cmd) (done func() error) {
	unit := strings.NewReplacer("rsyslogd", "rsyslog", "sshd", "ssh", "redis", "redis-server", "postgres", "postgresql@15-main").Replace(name)
	dir := "/sys/fs/cgroup/unified/system.slice/" + unit + ".service"
	require.NoError(r.t, os.MkdirAll(dir, 0o755))
	f, err := os.Open(dir)
	require.NoError(r.t, err)
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(f.Fd())
	return f.Close
}

// keep lives through two rotations of auth.log, and copies the host while a
// session and a connection are open.
func (r *room) keep(dir string) {
	r.startShop()
	r.start("cron", exec.Command("cron", "-f"))

	r.at.attempts = []attempt{{from: "203.0.113.7", user: "root", times: 3}, {from: "203.0.113.9", user: "admin", times: 2}}
	r.failLogins()
	r.rotate()
	r.at.attempts = []attempt{{from: "203.0.113.7", user: "test", times: 3}, {from: "2001:db8:bad::1", user: "oracle", times: 3}}
	r.failLogins()
	r.rotate()
	r.at.attempts = []attempt{
		{from: "203.0.113.7", user: "root", times: 6}, {from: "203.0.113.9", user: "admin", times: 3},
		{from: "203.0.113.50", user: "x from 198.51.100.7 port 22", times: 3}, {from: "198.51.100.23", times: 1},
	}
	r.failLogins()
	r.openLogin(r.at.friend, "sudo -n id; sudo -n cat /etc/shadow; su -c id postgres </dev/null;")
	r.run(exec.Command("su", "-s", "/bin/sh", "-c", "true", r.user))
	r.run(exec.Command("logger", "-t", "backup", "-p", "user.err", "cannot write /var/backups/web01.tar: No space left on device"))
	r.browse(r.at.visitor, "/", "/", "/shop/", "/shop/order/17", "/shop/order/0", "/shop/nothing", "/app/")
	r.browse("203.0.113.9", "/wp-login.php", "/.env", "/?q=%27%20OR%201=1--", "/phpmyadmin/")
	r.openWeb(r.at.browser)
	r.knockRedis(r.at.redis)
	r.failQueries()
	r.awaitBans()
	r.await("cron's next minute", func() bool { return len(r.grep("CMD (/bin/true)", r.log, "syslog.log")) > 0 })
	r.copyHost(dir)
}

// rotate does with auth.log what logrotate does, the second generation compressed.
func (r *room) rotate() {
	now, one, two := r.path(r.log, "auth.log"), r.path(r.log, "auth.log.1"), r.path(r.log, "auth.log.2.gz")
	if _, err := os.Stat(one); err == nil {
		f, err := os.Create(two)
		require.NoError(r.t, err)
		z := gzip.NewWriter(f)
		_, err = z.Write([]byte(r.read(one)))
		require.NoError(r.t, err)
		require.NoError(r.t, z.Close())
		require.NoError(r.t, f.Close())
	}
	require.NoError(r.t, os.Rename(now, one))
	var pid int
	_, err := fmt.Sscan(r.read("rsyslogd.pid"), &pid)
	require.NoError(r.t, err)
	require.NoError(r.t, syscall.Kill(pid, syscall.SIGHUP))
	r.await("a new auth.log", func() bool {
		_ = exec.Command("logger", "-p", "auth.info", "-t", "logrotate", "auth.log rotated").Run()
		_, err := os.Stat(now)
		return err == nil
	})
}

// startShop runs a small Django site under gunicorn. Order 0 raises, and the
// traceback goes to django.log; without its database an order cannot be read.
func (r *room) startShop() {
	r.mkdir(r.log, "django")
	gunicornLog := r.mkdir(r.log, "gunicorn")
	r.write(0o644, `import os
from django.db import connection
from django.http import HttpResponse
from django.urls import path

SECRET_KEY = "shop"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop"
TIME_ZONE = "Europe/Berlin"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.path.dirname(__file__), "shop.db")}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"file": {"class": "logging.FileHandler", "filename": "/var/log/django/django.log", "formatter": "line"}},
    "root": {"handlers": ["file"], "level": "INFO"},
}


def index(request):
    return HttpResponse("shop\n")


def order(request, number):
    if number == 0:
        return HttpResponse("%d\n" % (100 / number))
    with connection.cursor() as c:
        c.execute("SELECT total FROM orders WHERE number = %s", [number])
        return HttpResponse(c.fetchone())


urlpatterns = [path("shop/", index), path("shop/order/<int:number>", order)]
`, "shop", "shop.py")
	r.run(exec.Command("chown", "-R", "www-data", r.path("shop"), r.path(r.log, "django"), gunicornLog))
	cmd := r.as("www-data", exec.Command("/usr/bin/gunicorn", "--workers", "1", "--bind", "127.0.0.1:8000",
		"--error-logfile", gunicornLog+"/error.log", "--access-logfile", gunicornLog+"/access.log",
		"--chdir", r.path("shop"), "--env", "DJANGO_SETTINGS_MODULE=shop", "django.core.wsgi:get_wsgi_application()"))
	cmd.Dir = "/"
	r.start("shop", cmd)
	r.await("gunicorn", func() bool { return r.answers("shop") })
}

// kernelThreads returns the paths of a few of the machine's kernel threads, by
// the flag in their stat.
func (r *room) kernelThreads(proc string) []string {
	var found []string
	for _, comm := range []string{"kthreadd", "ksoftirqd/0", "rcu_preempt", "kauditd", "kworker/0:0H-events_highpri"} {
		all, err := filepath.Glob(proc + "/[0-9]*/comm")
		require.NoError(r.t, err)
		for _, f := range all {
			if strings.TrimSpace(r.read(f)) == comm {
				found = append(found, filepath.Dir(f))
				break
			}
		}
	}
	return found
}
