package summary

import (
	"net/netip"
	"strings"
)

// Event is one event on its way into a summary. Numbers are those that the
// Builder gave.
type Event struct {
	Kind  int
	User  int   // None where the event names no user
	About int   // the address that it is about, or None
	Names []int // every address that it names; the one that it is about may be left out
	Times int64 // how often it happened, at least once
	Time  int64 // nanoseconds since 1970
	// Line is the event's first one in its source, Offset that of its first byte.
	Line, Offset int64
	// Message is looked at where the kind keeps an example. It is borrowed.
	Message []byte
}

// None stands for a number that there is not.
const None = -1

// Actions names the actions that a summary treats apart, by their number.
type Actions struct {
	LoginFailed, Login, Request, Banned, Unbanned uint8
}

// Options say how a Builder works.
type Options struct {
	Actions Actions
	// Limit is about how many bytes of memory it may hold; beyond that it writes what it has to a Scratch.
	Limit int
	// Scratch makes a file for what does not fit the memory.
	Scratch func() (Scratch, error)
	// MaxExample bounds the example that a kind keeps.
	MaxExample int
}

// Builder gathers the summary of the events that one goroutine sees. It is not
// safe for use by several; each has its own, and Merge puts them together.
// What comes out does not depend on which Builder saw what.
type Builder struct {
	o     Options
	round int
	bytes int // of memory, about

	kindOf    map[Kind]int
	kinds     []kind
	threadOf  map[Thread]uint32
	threads   []Thread
	addressOf map[netip.Addr]int
	addresses []address
	userOf    map[string]int
	users     []UserRow
	strands   pairs // by address, and thread with its flags
	tries     pairs // by address and user
	deeds     map[int]*deeds
	cellOf    map[cell]int
	cells     []MinuteRow
	last      map[uint32]int // the cell that a source had last

	serial int64 // of the event
	named  int64
	times  int64 // occurrences of the events that name an address
	odd    bool
	names  []int // memory for the addresses of one event

	runs []*run
}

// kind is what is known of one kind of events.
type kind struct {
	row     KindRow
	thread  uint32
	undated int // the same kind without times, or None
	example []byte
}

// address is what is known of one address beside its strands.
type address struct {
	addr        netip.Addr
	serial      int64
	first, last Place
}

// cell is one minute of one source.
type cell struct {
	source uint32
	minute int64
}

// What things cost in memory, about: maps take up to twice their entries.
const (
	kindBytes    = 600
	addressBytes = 80 + 80
	userBytes    = 160
	cellBytes    = 140
	deedBytes    = 120
)

// NewBuilder returns an empty Builder.
func NewBuilder(o Options) *Builder {
	b := &Builder{o: o}
	b.reset()
	return b
}

func (b *Builder) reset() {
	b.round++
	b.bytes = 0
	b.kindOf, b.kinds = map[Kind]int{}, nil
	b.threadOf, b.threads = map[Thread]uint32{}, nil
	b.addressOf, b.addresses = map[netip.Addr]int{}, b.addresses[:0]
	b.userOf, b.users = map[string]int{}, nil
	b.strands.reset()
	b.tries.reset()
	b.deeds = map[int]*deeds{}
	b.cellOf, b.cells, b.last = map[cell]int{}, b.cells[:0], map[uint32]int{}
}

// Begin is called before the events of each block. It returns the number of
// the round: where that is another one than before, the memory was full, and
// all numbers that the Builder gave are void.
func (b *Builder) Begin() (round int, err error) {
	if b.bytes >= b.o.Limit {
		if err := b.spill(); err != nil {
			return 0, err
		}
	}
	return b.round, nil
}

// Kind returns the number of a kind. keep asks for the message of its earliest
// event. Its texts are kept as they are; Undated is the Builder's own.
func (b *Builder) Kind(k Kind, keep bool) int {
	k.Undated = k.Undated || k.Clock == clockCapture
	n, ok := b.kindOf[k]
	if !ok {
		n = len(b.kinds)
		b.kindOf[k] = n
		b.kinds = append(b.kinds, kind{row: KindRow{Kind: k, Kept: keep}, thread: b.thread(&k), undated: None})
		b.bytes += kindBytes + len(k.Service) + len(k.Host) + len(k.Type) + len(k.Jail) + len(k.Signature)
	}
	return n
}

// clockCapture is the clock of events that have the time of the capture. Its
// number is part of the format.
const clockCapture = 4

func (b *Builder) thread(k *Kind) uint32 {
	t := Thread{Source: k.Source, Action: k.Action, Status: k.Status, Undated: k.Undated, Service: k.Service, Jail: k.Jail}
	n, ok := b.threadOf[t]
	if !ok {
		n = uint32(len(b.threads))
		b.threadOf[t] = n
		b.threads = append(b.threads, t)
	}
	return n
}

// Address returns the number of a valid address.
func (b *Builder) Address(a netip.Addr) int {
	plain := a.Unmap().WithZone("")
	b.odd = b.odd || plain != a
	n, ok := b.addressOf[plain]
	if !ok {
		n = len(b.addresses)
		b.addressOf[plain] = n
		b.addresses = append(b.addresses, address{addr: plain, serial: -1})
		b.bytes += addressBytes
	}
	return n
}

// User returns the number of a user. The name is borrowed.
func (b *Builder) User(name []byte) int {
	n, ok := b.userOf[string(name)]
	if !ok {
		own := strings.Clone(string(name))
		n = len(b.users)
		b.userOf[own] = n
		b.users = append(b.users, UserRow{Name: own})
		b.bytes += userBytes + len(own)
	}
	return n
}

// Add takes in an event.
func (b *Builder) Add(e *Event) {
	b.serial++
	n := e.Kind
	if e.Time == 0 && !b.kinds[n].row.Undated {
		n = b.undated(n)
	}
	k := &b.kinds[n]
	sum := Sum{Events: 1, Count: e.Times, First: e.Time, Last: e.Time}
	b.kind(k, e, &sum)
	known := sum
	if k.row.Undated {
		known.First, known.Last = 0, 0
	}
	if k.row.Clock != clockCapture {
		b.minute(k.row.Source, e.Time, &known)
	}
	if e.User != None {
		b.users[e.User].span(&known)
	}
	if len(e.Names) > 0 || e.About != None {
		b.address(k, e, &sum, &known)
	}
}

// undated returns the kind beside n of events whose time is not known.
func (b *Builder) undated(n int) int {
	if b.kinds[n].undated == None {
		k := b.kinds[n].row.Kind
		k.Undated = true
		other := b.Kind(k, b.kinds[n].row.Kept)
		b.kinds[n].undated = other
	}
	return b.kinds[n].undated
}

func (b *Builder) kind(k *kind, e *Event, sum *Sum) {
	r := &k.row
	if r.Events == 0 || e.Time < r.First || e.Time == r.First && (e.Line < r.FirstLine || e.Line == r.FirstLine && e.Offset < r.FirstOffset) {
		r.FirstLine, r.FirstOffset = e.Line, e.Offset
		if r.Kept {
			b.bytes -= len(k.example)
			k.example = append(k.example[:0], e.Message[:min(len(e.Message), b.o.MaxExample)]...)
			b.bytes += len(k.example)
		}
	}
	if r.Events == 0 || e.Time > r.Last || e.Time == r.Last && e.Line > r.LastLine {
		r.LastLine = e.Line
	}
	r.Sum.fold(sum)
}

func (b *Builder) minute(source uint32, at int64, known *Sum) {
	m := MinuteOf(at)
	i, ok := b.last[source]
	if !ok || b.cells[i].Minute != m {
		c := cell{source, m}
		if i, ok = b.cellOf[c]; !ok {
			i = len(b.cells)
			b.cellOf[c] = i
			b.cells = append(b.cells, MinuteRow{Minute: m, Source: source})
			b.bytes += cellBytes
		}
		b.last[source] = i
	}
	b.cells[i].span(known)
}

// address counts an event for each address that it names.
func (b *Builder) address(k *kind, e *Event, sum, known *Sum) {
	b.named++
	b.times += e.Times
	b.names = b.names[:0]
	for _, n := range e.Names {
		b.name(n)
	}
	if e.About != None {
		b.name(e.About)
	}
	at := Place{e.Time, k.row.Source, e.Line}
	shared := flag(len(b.names) > 1)
	before := len(b.strands.rows) + len(b.tries.rows)
	for _, n := range b.names {
		a := &b.addresses[n]
		if a.first.Source == 0 || at.before(&a.first) {
			a.first = at
		}
		if a.last.before(&at) || a.last.Source == 0 {
			a.last = at
		}
		b.strands.at(uint32(n), k.thread<<2|uint32(flag(n == e.About)<<1|shared)).fold(sum)
	}
	if e.About != None {
		b.about(k, e, known)
	}
	b.bytes += (len(b.strands.rows) + len(b.tries.rows) - before) * pairBytes
}

func (b *Builder) name(n int) {
	if a := &b.addresses[n]; a.serial != b.serial {
		a.serial = b.serial
		b.names = append(b.names, n)
	}
}

// about counts what an event says of the address that it is about.
func (b *Builder) about(k *kind, e *Event, known *Sum) {
	action := k.row.Action
	login := action == b.o.Actions.Login
	if e.User != None {
		try := *known
		if !login && action != b.o.Actions.LoginFailed {
			try.Count = 0
		}
		b.tries.at(uint32(e.About), uint32(e.User)).span(&try)
	}
	if !login && action != b.o.Actions.Banned && action != b.o.Actions.Unbanned {
		return
	}
	row := DeedRow{Addr: b.addresses[e.About].addr, Place: Place{e.Time, k.row.Source, e.Line}, Action: action, Login: login,
		Service: k.row.Service, Jail: k.row.Jail}
	if login && e.User != None {
		row.User = b.users[e.User].Name
	}
	d := b.deeds[e.About]
	if d == nil {
		d = &deeds{}
		b.deeds[e.About] = d
	}
	if d.add(login, row) {
		b.bytes += deedBytes
	}
}

// deeds are the earliest bans and logins of one address, each in order.
type deeds struct {
	bans, logins []DeedRow
}

// add keeps the deed if it is one of the earliest, and reports whether there
// is one more than before.
func (d *deeds) add(login bool, r DeedRow) bool {
	list := &d.bans
	if login {
		list = &d.logins
	}
	i := len(*list)
	for i > 0 && compareDeeds(&r, &(*list)[i-1]) < 0 {
		i--
	}
	if i >= maxDeeds {
		return false
	}
	full := len(*list) == maxDeeds
	if full {
		*list = (*list)[:maxDeeds-1]
	}
	*list = append(*list, DeedRow{})
	copy((*list)[i+1:], (*list)[i:])
	(*list)[i] = r
	return !full
}
