package proc

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// The rules that nft and iptables-nft set are written in the words of nft.
func TestLiveRuleText(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	for _, program := range []string{"nft", "iptables-nft-restore"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("apt-get install nftables iptables")
		}
	}
	for name, set := range map[string]string{"nft": "nft -f testdata/rules.nft", "iptables": "iptables-nft-restore testdata/rules.iptables && ip6tables-nft-restore testdata/rules.ip6tables"} {
		t.Run(name, func(t *testing.T) {
			space := spaceWith(t, set)
			var got strings.Builder
			for _, set := range space.Sets {
				require.Len(t, set.Elements, set.Count)
				got.WriteString(set.Family + " " + set.Table + " @" + set.Name + " " + set.Key + " { " + strings.Join(set.Elements, ", ") + " }\n")
			}
			for _, c := range space.Chains {
				require.Len(t, c.Text, c.Rules)
				got.WriteString(c.Family + " " + c.Table + " " + c.Name + "\n")
				for _, text := range c.Text {
					got.WriteString("  " + text + "\n")
				}
			}
			golden := "testdata/" + name + ".rules.txt"
			if os.Getenv("STILLTRACE_UPDATE") == "1" {
				require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String())
		})
	}
}

// spaceWith is what is captured of a network namespace after a shell's command
// was run in it.
func spaceWith(t *testing.T, command string) index.NetSpace {
	holder := exec.Command("sh", "-c", command+" && echo ready && exec sleep 600")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	holder.Stderr = os.Stderr
	out, err := holder.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, holder.Start())
	t.Cleanup(func() { _ = holder.Process.Kill(); _ = holder.Wait() })
	_, err = out.Read(make([]byte, 16))
	require.NoError(t, err)
	s := take(t, live())
	i := slices.IndexFunc(s.spaces, func(n index.NetSpace) bool { return n.PID == holder.Process.Pid })
	require.GreaterOrEqual(t, i, 0)
	return s.spaces[i]
}

// nfExpression is a step of a rule, with attributes numbered from 1; nil is none.
func nfExpression(name string, values ...[]byte) []byte {
	var all [][]byte
	for i, v := range values {
		if v != nil {
			all = append(all, nfAttribute(uint16(i+1), v))
		}
	}
	return nfNested(1, nfAttribute(exprName, nfText(name)), nfNested(exprData, all...))
}

func nfData(v ...byte) []byte { return nfAttribute(1, v) }

// What nft does not set here: steps that need a module, and such as no program writes.
func TestRuleText(t *testing.T) {
	join := func(steps ...[]byte) []byte { return slices.Concat(steps...) }
	load := func(base, offset, size uint32) []byte {
		return nfExpression("payload", nfWord(1), nfWord(base), nfWord(offset), nfWord(size))
	}
	for _, c := range []struct {
		name, family, want string
		steps              []byte
	}{
		{"queue", "inet", "queue num 3-5 flags bypass", nfExpression("queue", []byte{0, 3}, []byte{0, 3}, []byte{0, 1})},
		{"a match of iptables-nft", "ip", `xt match "conntrack" counter xt target "LOG"`, join(nfExpression("match", nfText("conntrack"), nfWord(3), make([]byte, 100)), nfExpression("counter"), nfExpression("target", nfText("LOG"), nfWord(0), nil))},
		{"an unknown step", "inet", "[osf] accept", join(nfExpression("osf"), nfExpression("immediate", nfWord(0), nfNested(2, nfAttribute(1, nfWord(1)))))},
		{"no field was loaded", "inet", "[register 1] 0x16", nfExpression("cmp", nfWord(1), nfWord(0), nfData(0x16))},
		{"a part of an address", "ip", "ip saddr 10.0.0.0/8", join(load(1, 12, 1), nfExpression("cmp", nfWord(1), nfWord(0), nfData(10)))},
		{"a mask with holes", "ip", "ip saddr & 255.0.255.0 == 10.0.1.0", join(load(1, 12, 4), nfExpression("bitwise", nfWord(1), nfWord(1), nfWord(4), nfData(255, 0, 255, 0)), nfExpression("cmp", nfWord(1), nfWord(0), nfData(10, 0, 1, 0)))},
		{"a header that is not known", "inet", "@nh,96,32 != 0x01020304", join(load(1, 12, 4), nfExpression("cmp", nfWord(1), nfWord(1), nfData(1, 2, 3, 4)))},
		{"neither is its base", "inet", "[payload 9,0,1] 0x00", join(load(9, 0, 1), nfExpression("cmp", nfWord(1), nfWord(0), nfData(0)))},
		{"a direction", "ip", "ct original protocol tcp", join(nfExpression("ct", nfWord(1), nfWord(10), []byte{0}), nfExpression("cmp", nfWord(1), nfWord(0), nfData(6)))},
		{"a range of marks", "inet", "meta mark 1-5", join(nfExpression("meta", nfWord(1), nfWord(3)), nfExpression("byteorder", nfWord(1), nfWord(1), nfWord(1)),
			nfExpression("cmp", nfWord(1), nfWord(5), nfData(0, 0, 0, 1)), nfExpression("cmp", nfWord(1), nfWord(3), nfData(0, 0, 0, 5)))},
		{"bits are set", "inet", "meta mark set [bits of meta mark]", join(nfExpression("meta", nfWord(1), nfWord(3)), nfExpression("bitwise", nfWord(1), nfWord(1), nfWord(4), nfData(254, 255, 255, 255), nfData(1, 0, 0, 0)),
			nfExpression("meta", nil, nfWord(3), nfWord(1)))},
		{"a part of a field is looked up", "ip", "ip saddr & 255.255.255.0 @s", join(load(1, 12, 4), nfExpression("bitwise", nfWord(1), nfWord(1), nfWord(4), nfData(255, 255, 255, 0)), nfExpression("lookup", nfText("s"), nfWord(1)))},
		{"an unknown step loads a register", "inet", "th dport 22 [exthdr] [register 1] 0x01", join(load(2, 2, 2), nfExpression("cmp", nfWord(1), nfWord(0), nfData(0, 22)), nfExpression("exthdr"), nfExpression("cmp", nfWord(1), nfWord(0), nfData(1)))},
		{"what counts before the port", "inet", "meta l4proto tcp counter tcp dport 22", join(nfExpression("meta", nfWord(1), nfWord(16)), nfExpression("cmp", nfWord(1), nfWord(0), nfData(6)), nfExpression("counter"),
			load(2, 2, 2), nfExpression("cmp", nfWord(1), nfWord(0), nfData(0, 22)))},
		{"empty", "inet", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, ruleText(c.family, c.steps, "", func(name string) string { return "@" + name }))
		})
	}
}

func TestCommentOfRule(t *testing.T) {
	entry := func(kind byte, value string) []byte { return append([]byte{kind, byte(len(value))}, value...) }
	long := strings.Repeat("x", 254)
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"alone", "ssh", entry(0, "ssh\x00")},
		{"behind another entry", "ssh", slices.Concat(entry(7, "abc"), entry(0, "ssh\x00"))},
		{"as long as can be", long, entry(0, long+"\x00")},
		{"cut", "", entry(0, "ssh\x00")[:4]},
		{"none", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, commentOf(c.data)) })
	}
}

func FuzzRuleText(f *testing.F) {
	load := nfExpression("payload", nfWord(1), nfWord(1), nfWord(12), nfWord(4))
	f.Add(slices.Concat(load, nfExpression("bitwise", nfWord(1), nfWord(1), nfWord(4), nfData(255, 255, 255, 0)), nfExpression("cmp", nfWord(1), nfWord(0), nfData(10, 0, 1, 0))), uint32(7))
	f.Add(slices.Concat(load, nfExpression("lookup", nfText("s"), nfWord(1)), nfExpression("immediate", nfWord(0), nfNested(2, nfAttribute(1, nfWord(1))))), uint32(8<<6|13))
	f.Add(slices.Concat(nfExpression("immediate", nfWord(1), nfData(10, 0, 0, 2)), nfExpression("nat", nfWord(1), nfWord(2), nfWord(1))), uint32(41))
	f.Add(slices.Concat(nfExpression("match", nfText("multiport"), nfWord(1), bytes.Repeat([]byte{1}, 48)), nfExpression("target", nfText("DNAT"), nfWord(2), bytes.Repeat([]byte{3}, 44))), uint32(12))
	f.Add(slices.Concat(nfAttribute(setTable, nfText("t")), nfAttribute(setName, nfText("s")), nfNested(listElements, nfNested(1, nfNested(elementKey, nfData(10, 0, 0, 2))))), uint32(7))
	f.Fuzz(func(t *testing.T, data []byte, kind uint32) {
		for _, family := range []string{"ip", "ip6", "inet"} {
			_ = ruleText(family, data, "c", func(name string) string { return "@" + name })
		}
		for _, flags := range []uint32{0, intervalSet, mapSet} {
			s := filterSet{flags: flags}
			s.keys, s.one.Key = keyFields(kind, 16)
			s.elements(append(make([]byte, nfGeneration), data...))
			s.finish()
			require.LessOrEqual(t, len(s.one.Elements), s.one.Count)
		}
		_ = commentOf(data)
	})
}
