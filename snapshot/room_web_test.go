package snapshot_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
)

// startNginx serves one page, and two paths whose upstreams are not there.
func (r *room) startNginx() {
	logs := r.mkdir(r.log, "nginx")
	r.write(0o644, "<h1>hello</h1>\n", "www", "index.html")
	tmp := r.mkdir("nginx")
	conf := r.write(0o644, fmt.Sprintf(`daemon off;
worker_processes 1;
user www-data;
pid %[1]s/nginx.pid;
error_log %[2]s/error.log;
events { worker_connections 64; }
http {
  access_log %[2]s/access.log combined;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  keepalive_timeout %[3]ds;
  server {
    listen %[8]s:%[4]d;
    root %[5]s;
    location /app/ { proxy_pass http://127.0.0.1:%[6]d; }
    location /shop/ { proxy_pass http://127.0.0.1:%[7]d; }
  }
}
`, tmp, logs, int(sleepTime.Seconds()), r.port("nginx"), r.path("www"), r.port("app"), r.port("shop"), r.at.listen4), "nginx.conf")
	r.start("nginx", exec.Command("nginx", "-e", r.path("nginx.talk"), "-c", conf))
	r.await("nginx", func() bool { return r.answers("nginx") })
}

// browse asks nginx for each path from the given address, each on a connection
// of its own, and counts its answers.
func (r *room) browse(from string, paths ...string) {
	for _, p := range paths {
		c := r.dialNginx(from)
		r.get(c, p)
		require.NoError(r.t, c.Close())
	}
}

func (r *room) dialNginx(from string) net.Conn {
	r.t.Helper()
	d := net.Dialer{Timeout: stepLimit, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", net.JoinHostPort(r.at.to4, strconv.Itoa(r.port("nginx"))))
	require.NoError(r.t, err)
	require.NoError(r.t, c.SetDeadline(time.Now().Add(stepLimit)))
	return c
}

func (r *room) get(c net.Conn, path string) {
	r.t.Helper()
	_, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: room\r\nUser-Agent: room/1.0\r\n\r\n", path)
	require.NoError(r.t, err)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(r.t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(r.t, err)
	require.NoError(r.t, resp.Body.Close())
	r.tally.requests[strconv.Itoa(resp.StatusCode)]++
}

// openWeb fetches the page and leaves the connection open until the test ends.
func (r *room) openWeb(from string) net.Conn {
	c := r.dialNginx(from)
	r.t.Cleanup(func() { _ = c.Close() })
	r.get(c, "/")
	return c
}
