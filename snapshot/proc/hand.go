package proc

import "stilltrace/index"

// hand is what one reader of processes keeps from visit to visit.
type hand struct {
	buf        *[]byte // grows to the largest file
	fds        []int   // room for one list
	words      words
	environs   said[[]index.Variable]
	limitTexts said[[]index.Limit]
	cgroups    said[cgroup]
	images     learned[image, index.FileIdentity]
	mapNames   learned[mapFile, mapName] // of files from which code is executed
}

func newHand() *hand {
	return &hand{buf: new([]byte), words: words{}, environs: said[[]index.Variable]{}, limitTexts: said[[]index.Limit]{}, cgroups: said[cgroup]{},
		images: learned[image, index.FileIdentity]{}, mapNames: learned[mapFile, mapName]{}}
}

// learned is what is known of files by one process and holds for others. A nil
// one keeps nothing.
type learned[K comparable, V any] map[K]V

// maxLearned bounds it: a host of many containers runs some thousand programs and
// libraries.
const maxLearned = 1 << 14

func (k learned[K, V]) keep(key K, v V) {
	if k != nil && len(k) < maxLearned {
		k[key] = v
	}
}

// said are texts that many processes have in common (workers have one
// environment, most programs the limits that they were given), with what they
// say: it is read out of each once, and takes memory once. A nil one keeps
// nothing.
type said[T any] map[string]T

// maxSaid and maxSaidText bound what is kept: two megabytes of each kind of text.
const maxSaid, maxSaidText = 256, 8 << 10

func (s said[T]) of(text []byte, parse func([]byte) (T, error)) (T, error) {
	if known, ok := s[string(text)]; ok {
		return known, nil
	}
	v, err := parse(text)
	if err == nil && s != nil && len(s) < maxSaid && len(text) <= maxSaidText {
		s[string(text)] = v
	}
	return v, err
}

// words are texts that many processes have in common, so that each takes memory
// once. A nil one keeps nothing.
type words map[string]*string

// maxWords bounds what is kept by one reader.
const maxWords = 4096

func (w words) of(text []byte) *string {
	if known, ok := w[string(text)]; ok {
		return known
	}
	s := string(text)
	if w != nil && len(w) < maxWords {
		w[s] = &s
	}
	return &s
}
