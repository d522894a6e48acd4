package main

import "fmt"

// postgres is the server, and who is at it in this moment.
type postgres struct {
	r           *rng
	out         *sink
	c           clock
	t           int64
	backends    []int
	backend     int
	pid         int
	order, user int
}

func runPostgres(seed uint64, out *sink) {
	r := newRNG(seed, "postgres")
	p := &postgres{r: r, out: out, t: out.start, pid: 2200, order: 480000, backends: make([]int, 24)}
	zv := newZipf(60000, 30)
	for i := range p.backends {
		p.pid += r.span(1, 30)
		p.backends[i] = p.pid
	}
	for {
		p.t += out.gap(r, p.t, 300, false)
		if p.t >= out.end {
			break
		}
		if r.pm(20) {
			p.pid += r.span(3, 200)
			p.backends[r.n(len(p.backends))] = p.pid
		}
		p.backend = p.backends[r.n(len(p.backends))]
		if r.pm(500) {
			p.backend = p.backends[r.n(4)]
		}
		p.order += r.n(4)
		p.user = r.span(1000, 90000)
		switch x := r.n(1000); {
		case x < 430:
			p.slow()
		case x < 600:
			p.connection()
		case x < 900:
			p.fails(x)
		case x < 945:
			p.refuses()
		case x < 985:
			p.checkpoint()
		default:
			ip := visitorIP(zv.next(r))
			out.event(p.t, fmt.Sprintf("%sLOG:  could not receive data from client: Connection reset by peer (%s)", p.head(true), ip), ip)
		}
	}
}

// head is how a line begins, with the session's user and database or without.
func (p *postgres) head(db bool) string {
	h := p.c.at(p.t).iso + "." + frac(p.t, 3) + " UTC [" + fmt.Sprint(p.backend) + "] "
	if db {
		return h + "app@shop "
	}
	return h
}

func (p *postgres) uuid() string {
	h := p.r.hex(32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

// slow is the log of slow statements.
func (p *postgres) slow() {
	r, h := p.r, p.head(true)
	q := []string{
		"SELECT p.id, p.slug, p.price_cents, s.qty FROM product p JOIN stock s ON s.product_id = p.id WHERE p.category_id = $1 ORDER BY p.rank LIMIT $2 OFFSET $3",
		"UPDATE cart SET items = $1, updated_at = now() WHERE session_key = $2",
		"SELECT o.id, o.total_cents, o.state FROM orders o WHERE o.user_id = $1 AND o.created_at > $2 ORDER BY o.id DESC",
		"INSERT INTO event_log (user_id, kind, payload, created_at) VALUES ($1, $2, $3, $4) RETURNING id"}
	k := r.n(4)
	par := []string{fmt.Sprintf("$1 = '%d', $2 = '24', $3 = '%d'", r.n(40), 24*r.n(12)), fmt.Sprintf(`$1 = '{"%d": %d}', $2 = '%s'`, r.span(10000, 38000), r.span(1, 4), p.uuid()),
		fmt.Sprintf("$1 = '%d', $2 = '%s+00'", p.user, p.c.at(p.t-86400e6*30).iso), fmt.Sprintf(`$1 = '%d', $2 = 'view', $3 = '{"sku":%d}', $4 = '%s.%s+00'`, p.user, r.span(10000, 38000), p.c.at(p.t).iso, frac(p.t, 6))}[k]
	p.out.event(p.t, fmt.Sprintf("%sLOG:  duration: %d.%03d ms  execute <unnamed>: %s\n%sDETAIL:  parameters: %s", h, 200+int(r.exp(300)), r.n(1000), q[k], h, par))
}

func (p *postgres) connection() {
	r, h := p.r, p.head(true)
	switch r.n(3) {
	case 0:
		ip, port := fmt.Sprintf("10.0.3.%d", r.span(10, 60)), r.span(32768, 60999)
		p.out.event(p.t, fmt.Sprintf("%sLOG:  connection received: host=%s port=%d", p.head(false), ip, port), ip)
	case 1:
		p.out.event(p.t, h+"LOG:  connection authorized: user=app database=shop application_name=shop-web SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)")
	default:
		ip := fmt.Sprintf("10.0.3.%d", r.span(10, 60))
		p.out.event(p.t, fmt.Sprintf("%sLOG:  disconnection: session time: %d:%02d:%02d.%03d user=app database=shop host=%s port=%d", h, r.n(3), r.n(60), r.n(60), r.n(1000), ip, r.span(32768, 60999)), ip)
	}
}

// fails is a statement that the server refuses, x of 1,000.
func (p *postgres) fails(x int) {
	r, h := p.r, p.head(true)
	switch {
	case x < 700:
		p.out.err("duplicate key value violates unique constraint")
		tb := r.pick([]string{"orders_pkey", "users_email_key", "cart_session_key", "payment_ref_key"})
		p.out.event(p.t, fmt.Sprintf("%sERROR:  duplicate key value violates unique constraint \"%s\"\n%sDETAIL:  Key (id)=(%d) already exists.\n%sSTATEMENT:  INSERT INTO orders (id, user_id, total_cents, state)\n\t    VALUES (%d, %d, %d, 'new')\n\t    RETURNING id", h, tb, h, p.order, h, p.order, p.user, r.span(400, 90000)))
	case x < 760:
		p.out.err("violates foreign key constraint")
		p.out.event(p.t, fmt.Sprintf("%sERROR:  insert or update on table \"order_line\" violates foreign key constraint \"order_line_sku_fkey\"\n%sDETAIL:  Key (sku)=(%d) is not present in table \"product\".\n%sSTATEMENT:  INSERT INTO order_line (order_id, sku, qty) VALUES (%d, %d, %d)", h, h, r.span(10000, 38000), h, p.order, r.span(10000, 38000), r.span(1, 5)))
	case x < 810:
		p.out.err("canceling statement due to statement timeout")
		p.out.event(p.t, fmt.Sprintf("%sERROR:  canceling statement due to statement timeout\n%sSTATEMENT:  SELECT count(*) FROM event_log\n\t  WHERE created_at BETWEEN '%s' AND '%s'\n\t    AND payload->>'sku' = '%d'", h, h, p.c.at(p.t-86400e6).iso, p.c.at(p.t).iso, r.span(10000, 38000)))
	case x < 830:
		p.out.err("deadlock detected")
		o, v := p.backends[r.n(len(p.backends))], r.span(100000, 999999)
		p.out.event(p.t, fmt.Sprintf("%sERROR:  deadlock detected\n%sDETAIL:  Process %d waits for ShareLock on transaction %d; blocked by process %d.\n\tProcess %d waits for ShareLock on transaction %d; blocked by process %d.\n\tProcess %d: UPDATE stock SET qty = qty - 1 WHERE sku = %d\n\tProcess %d: UPDATE stock SET qty = qty - 2 WHERE sku = %d\n%sHINT:  See server log for query details.\n%sCONTEXT:  while updating tuple (%d,%d) in relation \"stock\"\n%sSTATEMENT:  UPDATE stock SET qty = qty - 1 WHERE sku = %d",
			h, h, p.backend, v, o, o, v-3, p.backend, p.backend, p.user, o, p.user+1, h, h, r.n(900), r.n(90), h, p.user))
	default:
		col := r.pick([]string{"o.shipped", "p.colour", "u.phone_nr", "s.warehouse"})
		p.out.err("column does not exist")
		p.out.event(p.t, fmt.Sprintf("%sERROR:  column %s does not exist at character %d\n%sSTATEMENT:  SELECT %s FROM orders o WHERE o.id = %d", h, col, r.span(8, 60), h, col, p.order))
	}
}

func (p *postgres) refuses() {
	r := p.r
	u, ip := r.pick([]string{"postgres", "admin", "root", "test", "pgsql", "shop"}), attackerIP(r.n(4000))
	if r.pm(400) {
		ip = fmt.Sprintf("10.0.3.%d", r.span(10, 60))
	}
	p.out.err("password authentication failed")
	p.out.event(p.t, fmt.Sprintf("%s%s@postgres FATAL:  password authentication failed for user \"%s\"\n%s%s@postgres DETAIL:  Connection matched pg_hba.conf line 97: \"host all all 0.0.0.0/0 scram-sha-256\" (client %s)", p.head(false), u, u, p.head(false), u, ip), "0.0.0.0", ip)
}

func (p *postgres) checkpoint() {
	r := p.r
	if r.pm(500) {
		p.out.event(p.t, p.head(false)+"LOG:  checkpoint starting: time")
	} else {
		p.out.event(p.t, fmt.Sprintf("%sLOG:  checkpoint complete: wrote %d buffers (%d.%d%%); 0 WAL file(s) added, %d removed, %d recycled; write=%d.%03d s, sync=0.%03d s, total=%d.%03d s; sync files=%d, longest=0.%03d s, average=0.%03d s; distance=%d kB, estimate=%d kB",
			p.head(false), r.span(20, 9000), r.n(9), r.n(10), r.n(3), r.n(9), r.span(4, 269), r.n(1000), r.n(900), r.span(4, 270), r.n(1000), r.span(3, 200), r.n(300), r.n(90), r.span(90, 90000), r.span(90000, 190000)))
	}
}
