package summary

import (
	"hash/maphash"
	"net/netip"
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
	// Blocks are networks whose addresses are counted apart.
	Blocks []netip.Prefix
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
	round Round
	bytes int // of memory, about

	seed     maphash.Seed
	kindOf   slots
	kinds    []kind
	threadOf map[Thread]uint32
	threads  []*Thread // each four times, by what strands say of an event beside it: see namesOthers
	userOf   slots
	users    []UserRow
	minutes  pairTable // by source and minute
	now      thisMinute
	burst    burst
	strands  []tally
	tries    []tally
	deeds    []deed

	events int64 // that name an address
	times  int64 // occurrences of these
	odd    bool
	names  []int // memory for the addresses of one event
	named  []naming
	warm   uint64 // see settle

	runs []*run
}

// Round numbers the times between which the numbers that a Builder gave hold.
type Round struct {
	Names     int // of kinds and users
	Addresses int
}

// kind is what is known of one kind of events.
type kind struct {
	place
	row     KindRow
	undated int // the same kind without times, or None
	example []byte
}

// place is where events of a kind are counted beside it.
type place struct {
	source  uint32
	thread  uint32 // the first one of four
	action  uint8
	untimed bool // their time is that of the capture: they are in no minute
}

// What things cost in memory, about.
const (
	kindBytes = 248 + slotBytes
	userBytes = 48 + slotBytes
	deedBytes = 64
)

// NewBuilder returns an empty Builder.
func NewBuilder(o Options) *Builder {
	b := &Builder{o: o, seed: maphash.MakeSeed()}
	b.burst.salt = maphash.Comparable(b.seed, 0)
	b.reset()
	return b
}

func (b *Builder) reset() {
	b.round.Names++
	b.round.Addresses++
	b.bytes = 0
	// The names and rows of the round may be many, the next one's few.
	b.kinds, b.users = nil, nil
	b.threadOf, b.threads = map[Thread]uint32{}, nil
	b.kindOf.reset()
	b.userOf.reset()
	b.minutes.reset()
	b.now = thisMinute{}
	b.strands, b.tries, b.deeds = b.strands[:0], b.tries[:0], b.deeds[:0]
}

// Begin is called before the events of each block. It returns the number of
// the round: where that is another one than before, the numbers that the
// Builder gave are void.
func (b *Builder) Begin() (Round, error) {
	size := b.bytes + len(b.minutes.rows)*pairBytes + len(b.deeds)*deedBytes + (b.burst.len()+len(b.strands)+len(b.tries))*tallyBytes
	switch {
	case size >= b.o.Limit:
		if err := b.spill(); err != nil {
			return Round{}, err
		}
	case b.burst.len() >= burstRows:
		b.endBurst()
	}
	return b.round, nil
}

func (b *Builder) endBurst() {
	b.settle()
	b.strands, b.tries = b.burst.end(b.strands, b.tries)
	b.round.Addresses++
}

// Kind returns the number of a kind. keep asks for the message of its earliest
// event. Its texts are kept as they are; Undated is the Builder's own.
func (b *Builder) Kind(k Kind, keep bool) int {
	k.Undated = k.Undated || k.Clock == clockCapture
	n, found := b.kindOf.find(maphash.Comparable(b.seed, k), len(b.kinds), func(n int) bool { return b.kinds[n].row.Kind == k },
		func(n int) uint64 { return maphash.Comparable(b.seed, b.kinds[n].row.Kind) })
	if !found {
		b.kinds = append(b.kinds, kind{place{k.Source, b.thread(&k), k.Action, k.Clock == clockCapture}, KindRow{Kind: k, Kept: keep}, None, nil})
		b.bytes += kindBytes + len(k.Service) + len(k.Host) + len(k.Type) + len(k.Jail) + len(k.Signature)
	}
	return n
}

// clockCapture is the clock of events that have the time of the capture. Its
// number is part of the format.
const clockCapture = 4

// thread returns the number of the first of four threads.
func (b *Builder) thread(k *Kind) uint32 {
	t := Thread{Source: k.Source, Action: k.Action, Status: k.Status, Undated: k.Undated, Service: k.Service, Jail: k.Jail}
	n, ok := b.threadOf[t]
	if !ok {
		n = uint32(len(b.threads))
		b.threadOf[t] = n
		for flags := range 4 {
			own := t
			own.About, own.Shared = flags&aboutIt != 0, flags&namesOthers != 0
			b.threads = append(b.threads, &own)
		}
	}
	return n
}

// Address returns a number of a valid address.
func (b *Builder) Address(a netip.Addr) int { return b.burst.number(b.bare(a)) }

// NewAddress gives a valid address another number, for one who remembers it:
// that takes less than to look for the one that it may have.
func (b *Builder) NewAddress(a netip.Addr) int { return b.burst.add(b.bare(a)) }

func (b *Builder) bare(a netip.Addr) bare {
	plain := a.Unmap().WithZone("")
	b.odd = b.odd || plain != a
	return bareOf(plain)
}

// User returns the number of a user. The name is borrowed.
func (b *Builder) User(name []byte) int {
	n, found := b.userOf.find(maphash.Bytes(b.seed, name), len(b.users), func(n int) bool { return b.users[n].Name == string(name) },
		func(n int) uint64 { return maphash.String(b.seed, b.users[n].Name) })
	if !found {
		b.users = append(b.users, UserRow{Name: string(name)})
		b.bytes += userBytes + len(name)
	}
	return n
}

// Add takes in an event.
func (b *Builder) Add(e *Event) {
	n, known := e.Kind, e.Time
	if e.Time == 0 && !b.kinds[n].row.Undated {
		n = b.undated(n)
	}
	k := &b.kinds[n]
	l := Lot{Times: e.Times, Message: e.Message}
	l.see(e)
	k.fold(b, &l)
	if k.row.Undated {
		known = 0
	}
	if !k.untimed {
		b.minute(k.source, e.Time).one(e.Times, known)
	}
	if e.User != None {
		b.users[e.User].one(e.Times, known)
	}
	if len(e.Names) > 0 || e.About != None {
		b.address(&k.place, e, known)
	}
}

// minute returns what is counted of the minute of a time.
func (b *Builder) minute(source uint32, t int64) *Sum {
	if m := &b.now; uint64(t-m.from) < minute && m.source == source && m.known {
		return &b.minutes.rows[m.row].Sum
	}
	m := MinuteOf(t)
	// All minutes that a time can lie in fit 32 bits.
	b.now = thisMinute{true, source, b.minutes.find(source, uint32(int32(m))), m * minute}
	return &b.minutes.rows[b.now.row].Sum
}

// thisMinute is the minute that was counted last, and its place in the table.
type thisMinute struct {
	known  bool
	source uint32
	row    int
	from   int64 // nanoseconds since 1970
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

// address counts an event for each address that it names. known is its time, or
// 0.
func (b *Builder) address(p *place, e *Event, known int64) {
	b.events++
	b.times += e.Times
	switch {
	case len(e.Names) == 0:
		b.name(uint32(e.About), p.thread+aboutIt, e)
	case len(e.Names) == 1 && e.About == None:
		b.name(uint32(e.Names[0]), p.thread, e)
	default:
		b.several(p.thread, e)
	}
	if e.About != None {
		b.about(p, e, known)
	}
}

// The numbers of the four threads of a kind are those of the first one and these.
const (
	namesOthers = 1 << iota // the event names other addresses, too
	aboutIt                 // it is about the address
)

// several counts an event that may name several addresses.
func (b *Builder) several(first uint32, e *Event) {
	b.names = append(b.names[:0], e.Names...)
	if e.About != None {
		b.names = append(b.names, e.About)
	}
	b.names = b.burst.distinct(b.names)
	for _, n := range b.names {
		thread := first
		if e.About != None && b.burst.addrs[n] == b.burst.addrs[e.About] {
			thread += aboutIt
		}
		if len(b.names) > 1 {
			thread += namesOthers
		}
		b.name(uint32(n), thread, e)
	}
}

// naming is an address in an event. Some are gathered before they are counted.
type naming struct {
	address, thread, strand uint32
	time, line, times       int64
}

// namings is how many are gathered: a few kilobytes.
const namings = 64

func (b *Builder) name(address, thread uint32, e *Event) {
	if b.named = append(b.named, naming{address, thread, 0, e.Time, e.Line, e.Times}); len(b.named) == namings {
		b.settle()
	}
}

// settle counts the addresses that were gathered. Blocks of text pass by
// between the events, so the time goes into waiting for memory; when all of it
// is asked for at once, in loops that do nothing else, most of the waiting is
// done once.
func (b *Builder) settle() {
	c, warm := &b.burst, uint64(0)
	for i := range b.named {
		if at := c.heads[b.named[i].address]; at != 0 {
			warm += uint64(c.links[at-1].thread)
		}
	}
	for i := range b.named {
		n := &b.named[i]
		n.strand = c.strand(n.address, n.thread)
	}
	for i := range b.named {
		warm += uint64(c.strands[b.named[i].strand].Events)
	}
	b.warm += warm
	for i := range b.named {
		n := &b.named[i]
		c.strands[n.strand].see(n.time, n.line, n.times)
	}
	b.named = b.named[:0]
}

// about counts what an event says of the address that it is about.
func (b *Builder) about(p *place, e *Event, known int64) {
	login := p.action == b.o.Actions.Login
	if e.User != None {
		times := e.Times
		if !login && p.action != b.o.Actions.LoginFailed {
			times = 0
		}
		b.burst.tries.at(uint32(e.About), uint32(e.User)).one(times, known)
	}
	if login || p.action == b.o.Actions.Banned || p.action == b.o.Actions.Unbanned {
		// The kind with times has all that is asked of it, and its number is the caller's.
		b.deeds = append(b.deeds, deed{b.burst.addrs[e.About], Place{e.Time, p.source, e.Line}, uint32(e.Kind), int32(e.User), login})
	}
}
