package network_test

import (
	"stilltrace/index"
	"stilltrace/tracers/network"
	"testing"
)

func BenchmarkRun(b *testing.B) {
	snap, web := web()
	sockets := make([]index.Socket, 10_000)
	for i := range sockets {
		sockets[i] = web[i%len(web)]
		sockets[i].Inode += uint64(i) * 1000
	}
	r := openCase(b, snap, sockets, nil)
	for _, c := range []struct {
		name  string
		terms []index.Term
	}{
		{"all", nil},
		{"one address", []index.Term{is("ip", "203.0.113.7")}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := network.Run(r, index.Query{Snapshot: 1, Terms: c.terms}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("graph", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := network.Draw(r, index.Query{Snapshot: 1}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
