package summary

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// BenchmarkAdd is what an event costs whose numbers are known: the share of a
// summary in a capture, its spills and the merge included.
func BenchmarkAdd(b *testing.B) {
	const events = 500_000
	for _, addresses := range []int{1000, 30_000} {
		b.Run(fmt.Sprint(addresses, " addresses"), func(b *testing.B) {
			b.ReportAllocs()
			var bytes, pages int
			for b.Loop() {
				bs := []*Builder{builder(8 << 20), builder(8 << 20)}
				f := feeder{r: rand.New(rand.NewPCG(1, 2)), addresses: addresses}
				for n := range events / 1000 {
					f.block(bs[n%2], n)
				}
				if err := Merge(bs, func(p Page) error {
					bytes += len(p.Content)
					pages++
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
			b.ReportMetric(float64(bytes)/float64(b.N)/events, "bytes/event")
			b.ReportMetric(float64(pages)/float64(b.N), "pages")
		})
	}
}

// feeder makes the events of a busy host, a thousand at a time.
type feeder struct {
	r         *rand.Rand
	addresses int
	second    int64
}

func (f *feeder) block(b *Builder, n int) {
	if _, err := b.Begin(); err != nil {
		panic(err)
	}
	source := 1 + uint32(n%8)
	var kinds, users, addresses []int
	for k := range 12 {
		kinds = append(kinds, b.Kind(Kind{Class: Class{Action: []uint8{actFailed, actLogin, actRequest, actBanned, actOther, 17}[k%6]}, Source: source,
			Service: "sshd", Signature: fmt.Sprint("signature", k)}, k == 0))
		users = append(users, b.User(fmt.Append(nil, "user", f.r.IntN(500))))
	}
	for range 400 {
		// Few addresses are seen often, most of them seldom.
		i := int(float64(f.addresses) * f.r.Float64() * f.r.Float64() * f.r.Float64())
		addresses = append(addresses, b.Address(netip.AddrFrom4([4]byte{203, byte(i >> 16), byte(i >> 8), byte(i)})))
	}
	var e Event
	for line := range 1000 {
		f.second += int64(f.r.IntN(3))
		e.Kind, e.User, e.About = kinds[f.r.IntN(len(kinds))], None, None
		e.Time, e.Line, e.Times = (1_700_000_000+f.second)*1e9, int64(n*1000+line), 1
		e.Names = e.Names[:0]
		if line%8 != 0 {
			e.About = addresses[f.r.IntN(len(addresses))]
			e.Names = append(e.Names, e.About)
		}
		if line%3 == 0 {
			e.User = users[f.r.IntN(len(users))]
		}
		b.Add(&e)
	}
}

// BenchmarkDecode is what a question pays for each page that it reads.
func BenchmarkDecode(b *testing.B) {
	bs := []*Builder{builder(1 << 30)}
	f := feeder{r: rand.New(rand.NewPCG(1, 2)), addresses: 30_000}
	for n := range 500 {
		f.block(bs[0], n)
	}
	page := map[Table][]byte{}
	if err := Merge(bs, func(p Page) error {
		page[p.Table] = p.Content
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	one := func(a netip.Addr) bool { return a.As4()[3] == 7 }
	for _, c := range []struct {
		name   string
		decode func() (int, error)
	}{
		{"addresses", count(addressCodec(addressReader{reuse: true}), page)},
		{"addresses, a few of them", count(addressCodec(addressReader{reuse: true, pick: one}), page)},
		{"tries", count(tryCodec(tryReader{reuse: true}), page)},
		{"tries, a few of them", count(tryCodec(tryReader{reuse: true, pick: one}), page)},
		{"minutes", count(minuteCodec(), page)},
		{"kinds", count(kindCodec(), page)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				n, err := c.decode()
				if err != nil {
					b.Fatal(err)
				}
				rows += n
			}
			b.ReportMetric(float64(rows)/float64(b.N), "rows")
		})
	}
}

func count[R any](c codec[R], page map[Table][]byte) func() (int, error) {
	return func() (int, error) {
		rows, err := c.decode(page[c.table])
		return len(rows), err
	}
}
