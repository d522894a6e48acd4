package summary

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// BenchmarkAdd is what an event costs whose numbers are known: the share of a
// summary in a capture, its spills and the merge included.
func BenchmarkAdd(b *testing.B) {
	const events = 1_000_000
	for _, limit := range []int{1 << 20, 4 << 20} {
		b.Run(fmt.Sprint(limit>>20, " MiB"), func(b *testing.B) {
			b.ReportAllocs()
			var bytes, pages int
			var adding, merging time.Duration
			for b.Loop() {
				bs := []*Builder{builder(limit), builder(limit)}
				f := feeder{r: rand.New(rand.NewPCG(1, 2)), addresses: 15_000}
				for n := range events / perBlock {
					list := f.block(bs[n%2], n)
					start := time.Now()
					for i := range list {
						bs[n%2].Add(&list[i])
					}
					adding += time.Since(start)
				}
				start := time.Now()
				if err := Merge(options(0), bs, func(p Page) error {
					bytes += len(p.Content)
					pages++
					return nil
				}); err != nil {
					b.Fatal(err)
				}
				merging += time.Since(start) + f.spilling
			}
			per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(b.N) / events }
			b.ReportMetric(per(adding), "ns/add")
			b.ReportMetric(per(merging), "ns/spill+merge")
			b.ReportMetric(float64(bytes)/float64(b.N)/events, "bytes/event")
			b.ReportMetric(float64(pages)/float64(b.N), "pages")
		})
	}
}

const perBlock = 4000

// feeder makes the events of a busy host, a block at a time.
type feeder struct {
	r         *rand.Rand
	addresses int
	second    int64
	spilling  time.Duration
	list      []Event
	names     []int
}

func (f *feeder) block(b *Builder, n int) []Event {
	start := time.Now()
	if _, err := b.Begin(); err != nil {
		panic(err)
	}
	f.spilling += time.Since(start)
	source := 1 + uint32(n%8)
	var kinds, users []int
	for k := range 12 {
		kinds = append(kinds, b.Kind(Kind{Class: Class{Action: []uint8{actFailed, actRequest, actOther, 17, actLogin, actBanned}[k%6]}, Source: source,
			Service: "sshd", Signature: fmt.Sprint("signature", k)}, k == 0))
	}
	for range 50 {
		users = append(users, b.User(fmt.Append(nil, "user", f.r.IntN(60))))
	}
	f.list, f.names = f.list[:0], f.names[:0]
	for line := 0; line < perBlock; {
		// Few addresses are seen often, most of them seldom, and each for some events in a row.
		i := int(float64(f.addresses) * f.r.Float64() * f.r.Float64() * f.r.Float64())
		f.names = append(f.names, b.Address(netip.AddrFrom4([4]byte{203, byte(i >> 16), byte(i >> 8), byte(i)})))
		user := users[f.r.IntN(len(users))]
		for range 1 + f.r.IntN(12) {
			f.second += int64(f.r.IntN(3))
			e := Event{Kind: kinds[f.r.IntN(4)*f.r.IntN(20)/19], User: None, About: None, Time: (1_700_000_000 + f.second) * 1e9, Line: int64(n*perBlock + line), Times: 1}
			if line%8 != 0 {
				e.About, e.Names = f.names[len(f.names)-1], f.names[len(f.names)-1:]
			}
			if line%3 == 0 {
				e.User = user
			}
			f.list = append(f.list, e)
			line++
		}
	}
	return f.list
}

// BenchmarkDecode is what a question pays for each page that it reads.
func BenchmarkDecode(b *testing.B) {
	bs := []*Builder{builder(1 << 30)}
	f := feeder{r: rand.New(rand.NewPCG(1, 2)), addresses: 30_000}
	for n := range 100 {
		list := f.block(bs[0], n)
		for i := range list {
			bs[0].Add(&list[i])
		}
	}
	page := map[Table][]byte{}
	if err := Merge(options(0), bs, func(p Page) error {
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
		{"kinds", count(kindCodec(kindReader{}), page)},
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
