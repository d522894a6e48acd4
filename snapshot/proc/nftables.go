package proc

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

const (
	// nfGeneration is struct nfgenmsg (linux/netfilter/nfnetlink.h), which every message begins with.
	nfGeneration = 4
	// Attributes of chains and rules (linux/netfilter/nf_tables.h).
	chainTable, chainName, chainHook, chainPolicy, chainType = 1, 3, 4, 5, 7
	hookNumber, hookPriority                                 = 1, 2
	ruleTable, ruleChain, ruleExpressions, ruleUserData      = 1, 2, 4, 7
	exprName, exprData                                       = 1, 2
	// maxChains bounds what is kept of one namespace: a node of Kubernetes has some thousand.
	maxChains = 10_000
	// maxRules bounds the rules of which the text is kept, of one namespace.
	maxRules = 10_000
)

// hasNFTables reports whether the kernel has nftables in it by now. To ask a
// kernel that has not makes it load them, and nothing is changed here.
func (t *Table) hasNFTables(tree *tree) bool {
	if !t.Live {
		return false
	}
	links, err := tree.read("self/net/netlink", maxNetTable)
	if err != nil || !hasNetlink(links, unix.NETLINK_NETFILTER) {
		return false
	}
	modules, err := tree.read("modules", maxNames)
	if errors.Is(err, fs.ErrNotExist) {
		return true // nothing can be loaded
	}
	if bytes.HasPrefix(modules, []byte("nf_tables ")) || bytes.Contains(modules, []byte("\nnf_tables ")) {
		return true
	}
	root, err := openTree(t.Root, "/")
	if err != nil {
		return false
	}
	defer root.close()
	release, _ := tree.read("sys/kernel/osrelease", maxText)
	builtin, _ := root.read("lib/modules/"+string(bytes.TrimSpace(release))+"/modules.builtin", maxNames)
	return bytes.Contains(builtin, []byte("/nf_tables.ko"))
}

// hasNetlink reports whether the table netlink has a socket of a protocol: the
// kernel has one of each that it knows.
func hasNetlink(table []byte, protocol int) bool {
	for line := range bytes.Lines(table) {
		if f := bytes.Fields(line); len(f) > 1 && string(f[1]) == fmt.Sprint(protocol) {
			return true
		}
	}
	return false
}

// askRules reads the chains of nftables, their sets and their rules.
func (r *tableReader) askRules(fd int, s *index.NetSpace) {
	if fd < 0 {
		return
	}
	c := newChains()
	if err := r.askChains(fd, c); err != nil {
		g := absentGap(areaSocket, r.place, err)
		g.Detail = "rules of nftables: " + g.Detail
		r.gap(g)
	}
	cut := 0
	for i := range c.sets {
		cut += c.sets[i].one.Count - len(c.sets[i].one.Elements)
	}
	for _, one := range [...]struct {
		what  string
		count int
	}{{"chains and sets", c.over}, {"texts of rules", c.unwritten}, {"elements of sets", cut}} {
		if one.count > 0 {
			r.gap(index.Gap{Area: areaSocket, Place: r.place, Reason: index.ReasonTooLarge, Detail: one.what + " of nftables: " + errTooLarge.Error(), Count: one.count})
		}
	}
	s.Chains, s.Sets = c.list(), c.setList()
}

func (r *tableReader) askChains(fd int, c *chains) error {
	err := r.ask(fd, nftRequest(unix.NFT_MSG_GETCHAIN), c.chain)
	if err != nil || len(c.known) == 0 {
		return err
	}
	if err := r.ask(fd, nftRequest(unix.NFT_MSG_GETSET), c.set); err != nil {
		return err
	}
	for i := range c.sets {
		if err := r.ask(fd, c.sets[i].request(), c.sets[i].elements); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
		c.sets[i].finish()
	}
	return r.ask(fd, nftRequest(unix.NFT_MSG_GETRULE), c.rule)
}

func newChains() *chains { return &chains{known: map[chainKey]*chain{}, places: map[chainKey]int{}} }

func nftRequest(kind uint16) []byte {
	return header(unix.NFNL_SUBSYS_NFTABLES<<8|kind, nfGeneration) // of every family
}

// chainKey names a chain, or a set.
type chainKey struct {
	family      byte
	table, name string
}

type chain struct {
	index.FilterChain
	sum hash.Hash
}

// chains gathers what the kernel says of chains, and then of their rules.
type chains struct {
	known     map[chainKey]*chain
	sets      []filterSet
	places    map[chainKey]int // of sets
	over      int
	rules     int // of which the text is kept
	unwritten int // of which it is not
}

var (
	nfFamilies = map[byte]string{1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
	inetHooks  = []string{"prerouting", "input", "forward", "output", "postrouting", "ingress"}
	otherHooks = map[byte][]string{3: {"input", "output", "forward"}, 5: {"ingress", "egress"}}
)

func (c *chains) chain(b []byte) {
	if len(b) < nfGeneration {
		return
	}
	key := chainKey{family: b[0]}
	var one index.FilterChain
	attributes(b[nfGeneration:], func(kind uint16, v []byte) {
		switch kind {
		case chainTable:
			key.table = textOf(v)
		case chainName:
			key.name = textOf(v)
		case chainType:
			one.Type = textOf(v)
		case chainPolicy:
			if n := bigWord(v); n < 2 {
				one.Policy = []string{"drop", "accept"}[n]
			}
		case chainHook:
			attributes(v, func(kind uint16, v []byte) {
				switch kind {
				case hookNumber:
					one.Hook = hookName(key.family, bigWord(v))
				case hookPriority:
					one.Priority = int32(bigWord(v))
				}
			})
		}
	})
	if len(c.known) == maxChains {
		c.over++
		return
	}
	one.Family, one.Table, one.Name = key.familyName(), key.table, key.name
	c.known[key] = &chain{one, sha256.New()}
}

func (k chainKey) familyName() string { return cmp.Or(nfFamilies[k.family], fmt.Sprint(k.family)) }

func hookName(family byte, n uint32) string {
	names := inetHooks
	if others, ok := otherHooks[family]; ok {
		names = others
	}
	if int64(n) < int64(len(names)) {
		return names[n]
	}
	return fmt.Sprint(n)
}

func (c *chains) rule(b []byte) {
	if len(b) < nfGeneration {
		return
	}
	key := chainKey{family: b[0]}
	var expressions []byte
	var comment string
	attributes(b[nfGeneration:], func(kind uint16, v []byte) {
		switch kind {
		case ruleTable:
			key.table = textOf(v)
		case ruleChain:
			key.name = textOf(v)
		case ruleExpressions:
			expressions = v
		case ruleUserData:
			comment = commentOf(v)
		}
	})
	one := c.known[key]
	if one == nil {
		return // it came meanwhile
	}
	one.Rules++
	_, _ = one.sum.Write([]byte("rule"))
	attributes(expressions, func(_ uint16, v []byte) { digestExpression(one.sum, v) })
	if c.rules == maxRules {
		c.unwritten++
		return
	}
	c.rules++
	one.Text = append(one.Text, ruleText(one.Family, expressions, comment, func(name string) string { return c.written(key, name) }))
}

// commentOf is the comment in what nft leaves with a rule for itself: entries of
// a kind, a length and as many bytes.
func commentOf(b []byte) string {
	const kindOfComment = 0
	for len(b) >= 2 {
		end := 2 + int(b[1])
		if end > len(b) {
			break
		}
		if b[0] == kindOfComment {
			return textOf(b[2:end])
		}
		b = b[end:]
	}
	return ""
}

// digestExpression takes in one expression; of those that count only that they do.
func digestExpression(sum hash.Hash, b []byte) {
	var name string
	var data []byte
	attributes(b, func(kind uint16, v []byte) {
		switch kind {
		case exprName:
			name = textOf(v)
		case exprData:
			data = v
		}
	})
	switch name {
	case "counter", "quota", "last":
		data = nil
	}
	_, _ = sum.Write(binary.BigEndian.AppendUint32([]byte(name), uint32(len(data))))
	_, _ = sum.Write(data)
}

func (c *chains) list() []index.FilterChain {
	var all []index.FilterChain
	for _, one := range c.known {
		if one.Rules > 0 {
			one.Digest = hex.EncodeToString(one.sum.Sum(nil))
		}
		all = append(all, one.FilterChain)
	}
	slices.SortFunc(all, func(a, b index.FilterChain) int {
		return cmp.Or(strings.Compare(a.Family, b.Family), strings.Compare(a.Table, b.Table), strings.Compare(a.Name, b.Name))
	})
	return all
}

func textOf(v []byte) string {
	text, _, _ := bytes.Cut(v, []byte{0})
	return string(text)
}

// bigWord is a number of nfnetlink, which stand in network order.
func bigWord(v []byte) uint32 {
	if len(v) < 4 {
		return 1<<32 - 1
	}
	return binary.BigEndian.Uint32(v)
}

// legacyTables notes which tables of iptables-legacy there are. To read their
// rules needs a raw socket.
func (r *tableReader) legacyTables(s *index.NetSpace) {
	for _, one := range [...]struct{ file, family string }{{"ip_tables_names", "ip"}, {"ip6_tables_names", "ip6"}, {"arp_tables_names", "arp"}} {
		data, err := r.tree.read(r.dir+"/"+one.file, maxText)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.gap(absentGap(areaSocket, r.place+"/"+one.file, err))
		}
		for name := range bytes.FieldsSeq(data) {
			if len(s.LegacyTables) < maxKeyFiles {
				s.LegacyTables = append(s.LegacyTables, one.family+" "+string(name))
			}
		}
	}
	if len(s.LegacyTables) > 0 {
		r.gap(index.Gap{Area: areaSocket, Place: r.place + "/ip_tables_names", Reason: index.ReasonUnsupported, Count: len(s.LegacyTables),
			Detail: "rules of iptables-legacy are not read: iptables-legacy-save"})
	}
}
