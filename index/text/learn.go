package text

// reach goes to the node of the slot at start, or of the line's end there.
func (s *scanner) reach(c slotCode, start int) {
	t, from, k := &s.trail, s.node, s.expect
	s.expect = noNode
	if k == noNode {
		k = t.nodes[from].latest()
	}
	if k != noNode {
		if n := &t.nodes[k]; n.code == c && s.done+int(n.size) == start && t.has(n, s.wide, s.done, start) {
			t.went(from, k)
			s.node = k
			return
		}
	}
	s.print = s.fingerprint().add(s.wide, s.done, start, c, s.dict.mix[1])
	if from == noNode {
		return
	}
	k, cell := t.find(s.print)
	if k != noNode {
		t.gone(from, k)
	} else {
		if len(t.nodes) >= t.most {
			s.node = noNode
			return
		}
		n, at := s.learn(c, start)
		k = t.add(n, at, s.wide[s.done:start], cell)
	}
	t.went(from, k)
	s.node = k
}

// fingerprint returns that of what was scanned of the line.
func (s *scanner) fingerprint() fingerprint {
	if s.node == noNode {
		return s.print
	}
	return s.trail.stands[s.node].print
}

// learn makes the node of the slot at start.
func (s *scanner) learn(c slotCode, start int) (node, stand) {
	n, at := node{code: c}, stand{print: s.print, stop: int32(s.stop - start)}
	if s.quote >= 0 {
		n.quote = uint32(s.quote - s.done + 1)
		n.parts = areParts(s.line[s.quote+1:start], Kind(c))
	}
	if s.before != s.since {
		if at.opened = -1; s.before >= 0 {
			at.opened = int32(s.before - s.done + 1)
		}
	}
	n.follow = s.how(Kind(c), start, &at)
	return n, at
}

// how says how lines can follow to the slot.
func (s *scanner) how(k Kind, start int, at *stand) follow {
	// After an address that ends with a colon, a slash begins a path.
	if Kind(s.trail.nodes[s.node].code) == KindColons && s.done < len(s.line) && s.line[s.done] == '/' {
		return followNot
	}
	if k == 0 {
		return followEnd
	}
	if s.unsure || k == KindLine || s.stop < s.done {
		return followNot
	}
	same := at.opened == 0
	switch k {
	case KindUser:
		if same && start-len("user ") >= s.done {
			return followUser
		}
		return followNot
	case KindStamp, KindAgain:
		if same {
			return followStamp
		}
	case KindQuoted:
		if same && s.quote < 0 {
			return followQuoted
		}
	case KindValue:
		if same {
			return followValue
		}
	case KindColons:
		if same && s.stop == start && start > s.done && s.line[start-1] != ':' && classes[s.line[start-1]]&isHex == 0 {
			return followColons
		}
		return followNot
	case KindPath:
		// The host is in the piece, or there is none.
		if at.opened > 0 || s.before < 0 && same {
			return followPath
		}
	case KindNumber, KindDecimal, KindLower, KindUpper, KindIPv4:
		if same {
			return s.howNumber(k, start)
		}
	}
	return followSlot
}

// howNumber is how for digits.
func (s *scanner) howNumber(k Kind, start int) follow {
	word := start
	odd := false
	prefixed := (k == KindLower || k == KindUpper) && s.stop == start-2
	if prefixed {
		word -= 2
	}
	for word > s.done && classes[s.line[word-1]]&isAlnum != 0 {
		word--
		odd = odd || classes[s.line[word]]&isHex == 0
		if classes[s.line[word]]&isDigit != 0 {
			return followSlot
		}
	}
	if prefixed && word < start-2 || s.mayBeName(word, start) {
		return followSlot
	}
	if word == start && k == KindIPv4 {
		return followIPv4
	}
	if word == s.done && word > 0 {
		return followSlot
	}
	if word > 0 && s.line[word-1] == ':' && (word-1 == s.done || s.line[word-2] == ':' || classes[s.line[word-2]]&isHex != 0) {
		// There may be an address with colons.
		if k == KindNumber && word == start {
			return followBehind
		}
		return followSlot
	}
	switch {
	case k == KindNumber && (word == start || odd):
		return followNumber
	case k == KindDecimal && word == start && (start == 0 || s.line[start-1] != '.'):
		return followDecimal
	case prefixed:
		return followPrefixed
	case (k == KindLower || k == KindUpper) && word == start:
		end := start
		for classes[s.wide[end]]&isHex != 0 {
			end++
		}
		if end > start+maxHex {
			return followLong
		}
		return followHex
	}
	return followSlot
}
