package text

// A step is what is done with a value of each line of a template.
type step struct {
	last  uint64 // value of the slot
	class uint32
	slot  uint32
	key   asking // of fromKey
	text  asking // of fromText
	at    uint8  // which value of the line
	kind  Kind
	do    todo
}

// An asking is how a source that has a key is asked.
type asking struct {
	where uint32 // the history's place
	by    uint8  // which value of the line is the key
	kind  Kind   // of that; 0 where the source is not asked
}

// A todo says how much is done with a value.
type todo uint8

const (
	doNothing todo = iota
	doStore        // no source is asked, and it is its own code
	doLast         // only sources without a key are
	doKey
)

// survey sorts the values by class and asks the sources about each. Values that
// the sources of a plan name get no code.
func (t *table) survey() {
	t.settle()
	t.assign()
	t.prepare()
	t.history.reset()
	var known [firstPlain]uint64
	for k, n := range t.known {
		known[k] = uint64(n)
	}
	all, found, codes, hits := t.scan.values, t.found, t.codes, t.hits
	for k, n := range t.lines {
		u := &t.uses[n]
		values, steps := all[t.firsts[k]:], t.steps[u.from:u.to]
		for i := range steps {
			s := &steps[i]
			v, c := values[s.at], &found[s.class]
			if s.do == doStore {
				codes[c.next] = v
				c.next++
				continue
			}
			code := v
			if s.kind.IsText() {
				if code = known[s.kind&15] - v; code == 0 {
					known[s.kind&15]++
				}
			}
			named := says(s.last, v, fromTemplate) | says(c.last, v, fromClass)
			s.last, c.last = v, v
			if s.do == doKey {
				named |= t.ask(s, c, values)
			}
			codes[c.next], hits[c.at] = code, named
			c.at++
			c.next += 1 &^ uint32(named>>(c.a&7)|named>>(c.b&7))
		}
	}
}

// ask returns which sources that have a key name the value of a step in its line,
// a bit each, and tells them: those that the class asks, and those that it shares
// with others.
func (t *table) ask(s *step, c *found, values []uint64) (named uint8) {
	v := values[s.at]
	if s.key.kind != 0 {
		kind, key := s.key.kind, values[s.key.by]
		if key >= 1<<32 {
			kind, key = t.another(s, values)
		}
		if kind != 0 {
			c.asked[fromKey]++
			named = says(t.history.swap(uint64(kind)<<32|key, s.key.where, v), v, fromKey)
		}
	}
	if s.text.kind != 0 {
		c.asked[fromText]++
		named |= says(t.history.swap(uint64(s.text.kind)<<32|values[s.text.by], s.text.where, v), v, fromText)
	}
	return named
}

// another returns the key of a line before a step, where the first value that might
// be it is too high; kind 0 where there is none.
func (t *table) another(s *step, values []uint64) (Kind, uint64) {
	first := int(s.slot) - int(s.at)
	for i := int(s.key.by) + 1; i < int(s.at); i++ {
		if sl := &t.schema.slots[first+i]; sl.mayBeKey() && values[i] < 1<<32 {
			return sl.kind, values[i]
		}
	}
	return 0, 0
}

// assign finds which sources the classes ask in the block, and where what is found
// of their values goes.
func (t *table) assign() {
	groups := t.schema.groups
	clear(groups)
	t.starts = t.starts[:0]
	total := uint32(0)
	for i := range t.found {
		c, p := &t.found[i], &t.plans[i]
		c.next, c.at, c.last, c.asks, c.a, c.b = total, total, none, 0, fromNone, fromNone
		t.starts = append(t.starts, total)
		total += c.n
		if c.varies {
			c.asks = t.toAsk(i)
			groups[t.schema.classes[i].group].sources |= c.asks
			if p.left > 0 {
				c.a, c.b = uint8(p.a), uint8(p.b)
			}
		}
	}
	for i := range t.found {
		if c := &t.found[i]; c.varies {
			c.asks |= groups[t.schema.classes[i].group].sources & (1 << fromKey)
		}
	}
	t.codes, t.hits = grown(t.codes, int(total)), grown(t.hits, int(total))
}

// prepare makes the steps of the templates that the block has.
func (t *table) prepare() {
	t.steps = t.steps[:0]
	for _, n := range t.used {
		tpl, u := &t.schema.templates[n], &t.uses[n]
		u.from = uint32(len(t.steps))
		var key, text asking // the first key of the line, and the last text before the slot
		for i := tpl.first; i < tpl.last; i++ {
			sl, at := &t.schema.slots[i], uint8(i-tpl.first)
			if do := t.todo(sl); do != doNothing {
				s := step{last: none, class: sl.class, slot: i, at: at, kind: sl.kind, do: do}
				asks := t.found[sl.class].asks
				if asks&(1<<fromKey) != 0 && sl.group < maxPlaces {
					s.key = asking{sl.group, key.by, key.kind}
				}
				if asks&(1<<fromText) != 0 && sl.class < maxPlaces {
					s.text = asking{sl.class | ofText, text.by, text.kind}
				}
				t.steps = append(t.steps, s)
			}
			switch {
			case !sl.mayBeKey():
				if sl.kind.IsText() {
					text.by, text.kind = at, sl.kind
				}
			case key.kind == 0:
				key.by, key.kind = at, sl.kind
			}
		}
		u.to = uint32(len(t.steps))
	}
}

// todo says what has to be done with the values of a slot. Of those that are the same
// in the whole block, only that a text is new is of interest.
func (t *table) todo(sl *slot) todo {
	c := &t.found[sl.class]
	switch {
	case c.asks&withKey != 0:
		return doKey
	case sl.kind.IsText() && (c.varies || c.first >= uint64(t.known[sl.kind&15])), c.asks != 0:
		return doLast
	case c.varies:
		return doStore
	}
	return doNothing
}
