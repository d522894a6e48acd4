package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServiceOf(t *testing.T) {
	for name, want := range map[string]string{
		"/var/log/nginx/access.log":           "nginx",
		"/var/log/nginx/shop.example.com.log": "nginx",
		"/var/log/apache2/error.log.2.gz":     "apache",
		"/var/log/httpd/access_log-20261101":  "apache",
		"/var/log/gunicorn/access.log.1":      "gunicorn",
		"/var/log/access.log":                 "access",
		"/srv/shop/shop.log":                  "shop",
		"/srv/shop/logs/worker.2026.log":      "worker",
		"/var/log/syslog":                     "syslog",
		"/var/log/.hidden.log":                "hidden",
	} {
		require.Equal(t, want, serviceOf(name), name)
	}
}
