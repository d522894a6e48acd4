// Package index is the case file: the types of its records, how they lie in
// one bbolt file, how they are written once and found again.
//
// A case is written by a Writer beside its name and renamed when it is whole;
// so is one that grows by a snapshot (append.go). It is answered by a Reader,
// which never writes. Nothing else of the program knows bbolt.
//
// # The file
//
// A case is a bbolt file (file format version 2), written page by page
// (pages.go). Its buckets lie side by side at the root. Numbers in keys are big endian, so keys ascend with them:
//
//	bucket    key                             content of the value
//	snapshot  snapshot (4)                    Snapshot, CBOR
//	source    source (4)                      Source, CBOR
//	process   snapshot (4) value (4)          up to 4096 Process, a CBOR sequence, by pid, and behind them likewise those of the second look; a value ends where it would exceed a megabyte
//	socket    snapshot (4) value (4)          up to 4096 Socket, likewise, as captured
//	gap       snapshot (4) value (4)          up to 4096 Gap, likewise, as captured
//	segment   segment (4)                     a run of a source's text and the events in it, see below
//	blocks    group (4)                       rows about the segments of a group, see below
//	terms     group (4) first term (1…128)    a page of terms, see below
//	summary   snapshot (4) table (1) …        a page of a summary, as package summary has it; its three parts are a zstd frame each
//	manifest  "manifest"                      Manifest, JSON
//
// CBOR is RFC 8949 in its core deterministic encoding; its text strings may
// hold any bytes, since names of processes and logs do. The names of the fields
// are those of JSON. Fields are added, and never change their meaning or go: a
// reader passes over those that it does not know, and takes one that is not
// there for unknown. The host's own lists (logins, units, keys, namespaces)
// stand in the Snapshot.
//
// Every value is an envelope:
//
//	codec (1)  0 stored, 1 zstd (RFC 8878), 2 zstd against a base, 3 parts
//	size (4)   of the content; with codec 3 of all its parts together
//	base (4)   with codec 2 only
//	           the content, packed
//	sum (4)    CRC-32C over bucket, 0, length of the key (4), key, and all of the above
//
// The manifest is written last. It names for every other bucket the number of
// keys, their bytes, a CRC-32C over all keys in order, and a SHA-256 over all
// keys and values in order, each preceded by its length (8); and a digest over
// all this, which stands for the whole case: it is what snapshot prints and
// info shows. A file without a manifest was never finished. The keys of a
// bucket are compared before the first of them is looked for: a value that lies
// elsewhere would not be missed by a question that looks for it there. Segments are numbered
// without a gap, and each is missed by who looks for it: of their keys only
// check compares all.
//
// # Snapshots that share
//
// Snapshots are numbered from 1 without a gap; values of a snapshot from 0. A
// value of the buckets snapshot, process, socket and gap may be packed against
// the value which has the same rest of the key in an earlier snapshot, and one
// of the bucket source against that of an earlier source: base is the number
// that takes the place of the first four bytes of the key. The frame is one
// that has the content of the base as its raw dictionary (RFC 8878 section 5,
// the identifier 0, which is not written). The base itself has codec 0 or 1: at
// most two values are read for one. Its content has at most 8 MiB.
//
// The writer takes as base, for snapshots, the last one that was packed by
// itself, and packs by itself what would lean on it as the 361st, or is
// nearer to its neighbour than to the base by so much that a new base pays
// (delta.go); for a source that continues another, the first one of the log.
//
// # Logs that grow
//
// A source is one reading of one log. If a later snapshot finds more of the
// log, it adds a source that continues the one before, and holds what is new:
// Continues names that source, whose snapshot is an earlier one and which no
// other source continues, Offset is where in the log its text begins. Offsets
// and numbers of lines go on, of events too; SHA256 is that of the log's whole
// text up to the end of the source. A source may hold nothing new: then the
// log has a new name, or was packed.
//
// Where a text ends within a line, that line's entry is a block of its own, of
// Open bytes, and Resume.Offset is its start, not the end of the text. The source that
// continues it begins there and has the entry again. So a block whose offset is
// not less than that of the source which continues its own is superseded: from
// that source's snapshot on, neither its text nor its events count. No block
// lies across that place. A question to a snapshot knows the sources of that
// snapshot and of those before it.
//
// Resume has what it takes to go on: the offset and the line there; Mid where
// that is within a line after all, because the line is too long to be read
// again; the time that an entry without a stamp takes; the state of SHA-256
// before the offset, which is its eight words, big endian, and the bytes after
// the last whole block of 64; and by what the file is known again, the first
// 16 bytes of the SHA-256 of the file's first 4096 bytes, and of the 4096
// before the end of what is held (of a compressed file, of the file as it
// lies).
//
// # Segments and blocks
//
// The text of a source is cut into segments of some megabytes, and these into
// blocks of some hundred kilobytes; each begins with the start of an entry
// wherever entries are not absurdly long. The blocks of a source follow one
// another without a gap, the first one at the source's offset. Segments and
// blocks are numbered through the case.
//
// A segment's value has codec 3: its content is the number of parts, then for
// each part twice its length as it lies there, plus one if it is a zstd frame,
// and for a frame its length unpacked, all unsigned varints (LEB128); then the
// parts, one after the other. Each can be unpacked without the others. They are
//
//	for each block:     the three parts of its text (package text has them), and its events
//	for all of them:    what their events share
//	                    head, lengths, addresses, and all that follows them in package text
//
// so that templates and dictionaries are shared by the segment, and a line is
// made of the columns of one block and the few texts that it needs.
//
// Groups are the segments between two flushes of the writer; a snapshot closes
// its last one, so that what it adds stands behind what is there. A value of
// blocks holds for each segment, in unsigned varints: source, offset of its
// first byte in the source, number of the line which that is of (from 1), how
// many blocks; and for each block its bytes, newlines, events, ± the earliest
// time of its events less that of the block before (of the first one: less 0),
// and the latest time less the earliest (± is zigzag; 0, 0 without events).
//
// # Events
//
// An event is one or more lines. What it means follows, nearly always, from how
// its lines look; so it is written as a shape, which says where in the lines its
// time, its process, its addresses and its values stand, and the lines of one
// template share one. A variable is one of package text's.
//
// What the events of a segment share is, in unsigned varints and bytes:
//
//	texts: how many, then for each its length and bytes; they are numbered from 1, 0 is the empty text
//	addresses: how many, then for each its length (4 or 16) and bytes; numbered from 0
//	offsets: how many, then each as ± nanoseconds; numbered from 0
//	shapes: how many, then for each the template of its first line, its length and bytes; numbered from 0 within each template
//
// and the events of a block are three columns, the first two with their length
// before them:
//
//	flow  for each event four times the number of its shape; plus 1 where lines before it are of no event, and then how many
//	      follows; plus 2 where it has more lines than one, and then how many more follows
//	time  ± nanoseconds since the event before in the block (since 0 for the first one), where the shape says so
//	rest  varints that the shapes ask for, in the order of the events
//
// A shape is
//
//	class      4 bytes: clock, level, action, outcome
//	count      times it happened, less one
//	bounds     0: whole lines, without the last newline; 1: rest has where it starts in the first line, and its length
//	time       0: see the column of times; 1: that of the event before; 2, a variable of the first line and an offset: its stamp, as if it were UTC, plus the offset
//	pid        0: none; 1: in rest; 2 and a variable of the first line
//	host, service, signature, user    a value each
//	ip         an address
//	ips        1: the addresses that the variables of its first line and of its last one are, in order and each once; or 0, how many, and each
//	message    a value
//	fields     how many, then for each the number of its name's text, and a value
//
// with the first byte of time, pid, values and addresses saying which. An
// address is 0: none; 1: rest has its number; 2 or 3 and a variable of the first
// or last line. A value is
//
//	0  and the number of a text
//	1  and the positions where it begins and ends
//	2: rest has where it starts in the event's text, and its length
//	3: rest has the number of a text
//
// and a position is an edge and a number of bytes behind it. The edge is twice
// its number, plus one if it is of the last line: number 0 is the start of the
// line, 2k+1 the start of its variable k, 2k+2 its end.
//
// An address in a line is a variable of kind 7 of package text, or one of kind 8
// that is an IPv6 address: it has "::" or all its eight groups, and is no EUI-64.
//
// # Terms
//
// A term is one letter for the field and the value, cut at 128 bytes: i address
// as 16 bytes, u user, s service, g signature, a action as 1 byte, l level as 1
// byte, p process id as 4 bytes, x session. A page holds, for each term in
// ascending order: how many bytes it shares with the term before, how many
// follow, those bytes, in how many blocks of the group it occurs, and the
// blocks, counted from the first one of the group, as differences. The index
// finds blocks; rows are compared in full, so it may find too much, and never
// too little.
//
// # Summaries
//
// Each snapshot adds one run of summaries of the events that it added, if there
// are any: eight tables in pages. Events of the last Open bytes of a source, which
// may be read again, are in no run: who answers sums them up himself. (The first
// programs with this format wrote no Open and counted these events, too: where
// they were read again, summaries cannot be used.) The key of a page goes on with what orders the
// pages of its table: of kinds the first and the last class (action, level,
// outcome), of addresses, tries and deeds the first address (its length, 4 or
// 16, and its bytes), of minutes the first group (8, its highest bit turned);
// and ends with the number of the page in its table (4).
//
// # Reading what somebody else sent
//
// Before bbolt sees a bucket its structure is proved by plain reads (verify.go);
// a segment is found by such reads alone (locate.go).
// A value is used only after its checksum was compared, and what it holds is
// decoded within named limits (manifest.go). Segments are read by plain reads,
// too (place.go); other reads of mapped memory run under a guard that turns a
// fault into an error. Checksums find accidents: whoever can write the file can
// make them anew, so the digest should be noted when the case is taken.
//
// # History
//
//	format 1  the first one; text and columns of events apart; never promised, no longer read
//	format 2  texts in columns, events as shapes of their lines, keys proved when a case is opened; no longer read
//	format 3  the first that is promised: segments of small blocks that share dictionaries, cases that grow, values that lean on a base, summaries
//	format 4  columns of differences with their first value apart; what format 3 wrote is read as it was
package index
