package index

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

// Records that are encoded field by field are what the library makes of them.
func TestEncode(t *testing.T) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 4000 {
		var p Process
		var s Socket
		if round > 0 {
			fill(r, reflect.ValueOf(&p).Elem(), r.IntN(4))
			fill(r, reflect.ValueOf(&s).Elem(), r.IntN(4))
		}
		want, err := mode.Marshal(&p)
		require.NoError(t, err)
		require.Equal(t, want, appendProcess(nil, &p), "%+v", p)
		want, err = mode.Marshal(&s)
		require.NoError(t, err)
		require.Equal(t, append([]byte("before"), want...), appendSocket([]byte("before"), &s), "%+v", s)
	}
}

// fill sets each field, but leaves about one of so many zero.
func fill(r *rand.Rand, v reflect.Value, zero int) {
	if zero > 0 && r.IntN(zero) == 0 {
		return
	}
	if v.Type() == reflect.TypeFor[netip.Addr]() {
		var raw [16]byte
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		six := netip.AddrFrom16(raw)
		v.Set(reflect.ValueOf([]netip.Addr{netip.AddrFrom4([4]byte(raw[:4])), six, six.WithZone("eth0"), netip.AddrFrom16(netip.AddrFrom4([4]byte(raw[:4])).As16())}[r.IntN(4)]))
		return
	}
	bits := r.Uint64() >> r.IntN(64)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i), zero)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem(), zero)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(30), 30))
		for i := range v.Len() {
			fill(r, v.Index(i), zero)
		}
	case reflect.String:
		b := make([]byte, []int{1, 23, 24, 300}[r.IntN(4)])
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		v.SetString(string(b))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(bits))
	default:
		v.SetUint(bits)
	}
}

func BenchmarkEncodeProcess(b *testing.B) {
	var p Process
	r := rand.New(rand.NewPCG(1, 2))
	fill(r, reflect.ValueOf(&p).Elem(), 2)
	var room []byte
	for b.Loop() {
		room = appendProcess(room[:0], &p)
	}
	b.SetBytes(int64(len(room)))
}
