// Package index is the case file: the types of its records, how they lie in
// one bbolt file, how they are written once and found again.
//
// A case is written by a Writer beside its name and renamed when it is whole;
// it is answered by a Reader, which never writes. Nothing else of the program
// knows bbolt.
//
// # The file
//
// A case is a bbolt file (file format version 2). Its buckets lie side by side
// at the root. Numbers in keys are big endian, so keys ascend with them:
//
//	bucket    key                             content of the value
//	snapshot  snapshot (4)                    Snapshot, CBOR
//	source    source (4)                      Source, CBOR
//	process   snapshot (4) value (4)          up to 256 Process, a CBOR sequence, by pid
//	socket    snapshot (4) value (4)          up to 256 Socket, likewise, as captured
//	gap       snapshot (4) value (4)          up to 256 Gap, likewise, as captured
//	raw       block (4)                       the text of the block, byte for byte
//	events    block (4)                       the events in that text, see below
//	blocks    segment (4)                     up to 256 rows about blocks, CBOR; fewer where they hold many terms
//	terms     segment (4) first term (1…128)  a page of terms, see below
//	manifest  "manifest"                      Manifest, JSON
//
// CBOR is RFC 8949 in its core deterministic encoding; its text strings may
// hold any bytes, since names of processes and logs do.
//
// Every value is an envelope:
//
//	codec (1)  0 stored, 1 zstd (RFC 8878)
//	size (4)   of the content
//	           the content, packed
//	sum (4)    CRC-32C over bucket, 0, length of the key (4), key, and all of the above
//
// The manifest is written last. It names for every other bucket the number of
// keys, their bytes, and a SHA-256 over all keys and values in order, each
// preceded by its length (8); and a digest over all this, which stands for the
// whole case: it is what snapshot prints and info shows. A file without a
// manifest was never finished.
//
// # Blocks and events
//
// The text of a source is cut into blocks, each of which begins with the start
// of an entry wherever entries are not absurdly long. The blocks of a source
// follow one another without a gap; blocks are numbered through the case.
//
// The content of an events value is a run of unsigned varints (LEB128) and
// bytes:
//
//	number of events
//	texts: how many, then for each its length and bytes; they are numbered from 1, 0 is the empty text
//	addresses: how many, then for each its length (4 or 16) and bytes; numbered from 0
//	13 columns, each preceded by its length in bytes
//
// and the columns hold for each event, in order of its bytes (± is zigzag):
//
//	start     bytes since the end of the event before
//	length    of its text
//	line      once the block's first line; then ± lines since the last line of the event before
//	lines     how many more than one
//	time      ± nanoseconds since the event before
//	class     4 bytes: clock, level, action, outcome
//	pid       ± since the event before
//	count     times it happened, less one
//	text      numbers of host, service, user, signature
//	ip        number of its address plus one, or 0
//	ips       how many, then the number of each
//	message   a value: its length plus one and where it starts in the event's text; or 0 and the number of a text
//	fields    how many, then for each the number of its name, and a value as in message
//
// # Terms
//
// A term is one letter for the field (i address as 16 bytes, u user, s
// service, a action as 1 byte, l level as 1 byte) and the value, cut at 128
// bytes. A page holds, for each term in ascending order: how many bytes it
// shares with the term before, how many follow, those bytes, in how many
// blocks of the segment it occurs, and the blocks as differences. The index
// finds blocks; rows are compared in full, so it may find too much, and never
// too little.
//
// # Reading what somebody else sent
//
// Before bbolt maps a file its structure is proved by plain reads (verify.go).
// A value is used only after its checksum was compared, and what it holds is
// decoded within named limits (manifest.go). Reads of mapped memory run under
// a guard that turns a fault into an error. Checksums find accidents: whoever
// can write the file can make them anew, so the digest should be noted when
// the case is taken.
//
// # History
//
//	format 1  the first one; not yet promised, the next version may drop it
package index
