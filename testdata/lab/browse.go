package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	webPort     = 80
	webUser     = "webmaster" // the only one whom /admin/ lets in
	webPassword = "tulips-in-may"
	browser     = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
)

// A visit is one request from the outside and the status that it must be
// answered with.
type visit struct {
	from, path     string
	status         int
	user, password string
}

// answer is what came back.
type answer struct {
	status int
	body   string
}

// browse makes count requests, each on a connection of its own, and returns the
// last answer.
func (l *lab) browse(v visit, count int) answer {
	start := time.Now()
	var a answer
	for range count {
		if a = v.get(); a.status != v.status {
			must(fmt.Errorf("status %d instead of %d: %s", a.status, v.status, a.body), "%s from %s", v.path, v.from)
		}
	}
	l.noteRequests(v, start, count)
	return a
}

func (l *lab) noteRequests(v visit, start time.Time, count int) {
	l.note(act{What: actRequest, Actor: outsideOf(v.from), At: start, From: v.from, User: v.user, Path: v.path, Count: count,
		Detail: map[string]string{"status": strconv.Itoa(v.status)}})
}

// send sends the request.
func (v visit) send() net.Conn {
	c, err := dial(v.from, webPort, stepLimit)
	must(err, "%s from %s", v.path, v.from)
	must(c.SetDeadline(time.Now().Add(stepLimit)), "%s from %s", v.path, v.from)
	r, err := http.NewRequest(http.MethodGet, "http://shop.example"+v.path, nil)
	must(err, "%s from %s", v.path, v.from)
	r.Header.Set("User-Agent", browser)
	r.Close = true
	if v.user != "" {
		r.SetBasicAuth(v.user, v.password)
	}
	must(r.Write(c), "%s from %s", v.path, v.from)
	return c
}

// get sends the request and reads until nginx closes the connection, which it
// does when it has written its log.
func (v visit) get() answer {
	c := v.send()
	defer c.Close()
	in := bufio.NewReader(c)
	r, err := http.ReadResponse(in, nil)
	must(err, "%s from %s", v.path, v.from)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	must(err, "%s from %s", v.path, v.from)
	_, err = io.Copy(io.Discard, in)
	must(err, "%s from %s", v.path, v.from)
	return answer{r.StatusCode, string(body)}
}

// A collapse is what the site tells of an exception (failures.py).
type collapse struct{ class, cause, message string }

func (a answer) collapse() collapse {
	lines := strings.Split(a.body, "\n")
	if len(lines) != 4 {
		must(errors.New(a.body), "what the site tells of its failure")
	}
	c := collapse{lines[0], lines[1], lines[2]}
	if c.cause == c.class {
		c.cause = ""
	}
	return c
}

// fail makes count requests, each of which must end in an exception of the site
// that speaks of reason.
func (l *lab) fail(v visit, count int, reason string) {
	start := time.Now()
	l.noteException(v, start, count, l.browse(v, count), reason)
}

func (l *lab) noteException(v visit, start time.Time, count int, a answer, reason string) {
	c := a.collapse()
	if !strings.Contains(c.message, reason) {
		must(errors.New(a.body), "an exception because of %s", reason)
	}
	detail := map[string]string{"type": c.class, "message": c.message}
	if c.cause != "" {
		detail["cause"] = c.cause // the class of the first exception of the chain
	}
	l.note(act{What: actException, Actor: outsideOf(v.from), At: start, From: v.from, Path: v.path, Count: count, Detail: detail})
}
