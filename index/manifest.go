package index

import (
	"encoding/binary"
	"errors"
)

// Format is the version of the case format that this package writes. It reads
// this one and those from oldest on; doc.go has a line of history per version.
const (
	Format = 4
	oldest = 3
)

// Feature counts additions that older readers of the same Format may ignore.
const Feature = 0

// What can be wrong with a file that is to be read as a case. Every error of
// Open, of a Reader and of Check is one of these, or an error of the operating
// system.
var (
	// ErrNotCase: the file is no case, or one whose writing never ended.
	ErrNotCase = errors.New("not a stilltrace case")
	// ErrNewer: the case was written by a newer version than this one.
	ErrNewer = errors.New("the case has a newer format")
	// ErrDamaged: the file is a case, and not all of it is as it was written.
	ErrDamaged = errors.New("the case is damaged")
)

// Manifest says what a case holds. It is written last: a file without one was
// never finished.
type Manifest struct {
	Format  int           `json:"format"`
	Feature int           `json:"feature"`
	Tool    string        `json:"tool"`   // that wrote the file
	Digest  string        `json:"digest"` // SHA-256 over the buckets' digests and the fields above, hex
	Buckets []BucketProof `json:"buckets"`
	// Fields are the names that events of this case have beyond those that every event has, sorted.
	Fields []string `json:"fields"`
}

// BucketProof is what check holds one bucket against.
type BucketProof struct {
	Name   string `json:"name"`
	Keys   int64  `json:"keys"`
	Bytes  int64  `json:"bytes"`  // of keys and values
	Index  uint32 `json:"index"`  // CRC-32C over all keys in order, one after the other: quick to compare when a case is opened
	SHA256 string `json:"sha256"` // over each key and value in order, each preceded by its length as 8 bytes, hex
}

// The buckets of a case, in the order in which they stand in the manifest.
const (
	bucketSnapshot = "snapshot"
	bucketSource   = "source"
	bucketProcess  = "process"
	bucketSocket   = "socket"
	bucketGap      = "gap"
	bucketSegment  = "segment"
	bucketBlocks   = "blocks"
	bucketTerms    = "terms"
	bucketSummary  = "summary"
	bucketManifest = "manifest" // holds the manifest alone and is not named in it
)

var dataBuckets = [...]string{
	bucketSnapshot, bucketSource, bucketProcess, bucketSocket, bucketGap,
	bucketSegment, bucketBlocks, bucketTerms, bucketSummary,
}

// Named limits of the format. A reader refuses what exceeds them before it
// takes memory for it; a writer never produces it.
const (
	// maxValue bounds one value once it is unpacked: the events of a block, or many large records.
	maxValue = 16 << 20
	// maxText bounds the text of a block: a chunk of one megabyte and one entry of the longest kind are two. A reader needs many times as much to take it apart.
	maxText = 4 << 20
	// maxPacked bounds a value as it lies in the file; zstd never makes one larger than its input and a few bytes.
	maxPacked = maxValue + 1<<16
	// maxPage bounds a page of the file: bbolt leaves up to four values together, whatever their size, and their keys.
	maxPage = 4*maxPacked + 1<<20
	// maxManifest bounds the manifest: ten buckets and the names of fields.
	maxManifest = 1 << 20
	// recordsPerValue is how many records share one value, and recordBytes how many bytes of them before it is packed: so much that the still of a usual host is one
	// value, which the next still can be packed against; few enough to unpack at once.
	recordsPerValue = 4096
	recordBytes     = 1 << 20
	// maxRecord bounds one process, socket or gap, and a value of several: a process of 65,536 open files, and all else that it may have, stays below it.
	maxRecord = 8 << 20
	// maxLoaded bounds what Open holds of all sources: some 100,000 of them.
	maxLoaded = 64 << 20
	// postingsPerGroup closes a group early whose blocks hold very many different terms: it bounds what the writer keeps in memory.
	postingsPerGroup = 1 << 20
	// blocksPerGroup closes a group, whose blocks share one directory value and one run of term pages: it bounds what the writer keeps in memory.
	blocksPerGroup = 1024
	// maxGroup bounds the blocks of a group: it is closed behind the segment that fills it.
	maxGroup = 1 << 16
	// termPage is the size at which a page of terms is closed, before packing.
	termPage = 16 << 10
	// maxShape bounds the bytes of shapes that a block's events refer to, for each byte of its text: an empty line takes some 30, an address of seven bytes three.
	maxShape = 256
	// maxTerm cuts terms in the index. Rows are compared in full, so a cut term finds too much, never too little.
	maxTerm = 128
)

func key32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func keyPair(a, b uint32) []byte { return binary.BigEndian.AppendUint32(key32(a), b) }
