// Package text packs the text of log lines into columns and gives it back byte
// for byte.
//
// The output is not small by itself: it is arranged so that a compressor like
// zstd finds like next to like. A text is cut into blocks, and some of them are
// a segment: blocks share templates and dictionaries, so that small ones, which
// are found and read fast, cost little more than large ones. A segment stands
// alone. The package knows nothing of events: it splits at newlines, and what
// does not look like a log costs a little more and comes back all the same.
//
// # Tables
//
// A text is its lines. A line is a template, which is its static text, and the
// values of the template's slots in order. Each block is a table of lines. The
// different paths found in the lines of a segment are the lines of further
// tables, of 512 paths each.
//
// # The packed segment
//
// Numbers are unsigned varints (LEB128, at most 64 bits) unless their size is
// given. zigzag(v) is v<<1 ^ v>>63 (arithmetic shift); all sums are modulo
// 2^64. Texts of a kind are numbered from 0 in the order of the lines of the
// segment. What its blocks share is these parts:
//
//	head
//	    version (1)  2
//	    of the paths, and then of the text:
//	        how many templates, then each with a newline after it
//	        for each kind from 7 to 15: how many texts
//	lengths
//	    of the paths, and then of the text: for each kind from 8 to 15 the length of each text
//	addresses
//	    of the paths, and then of the text: the texts of kind 7, 4 bytes each
//	pages
//	    of the paths, and then of the text: for each kind from 8 to 15, but for 9 (paths), its texts one after the other, where
//	    there are any; a page ends before the first text that starts at or behind the next multiple of 16 KiB (in the texts of its
//	    kind; where a text is longer than that, pages between are empty)
//	paths
//	    for each 512 paths the three parts of their table, as those of a block
//
// # The packed block
//
// A block, and a table of paths, is three parts:
//
//	heads        numbers that say how the others are to be read
//	planes       bytes of values, and flags
//	noise        bytes of values that are evenly spread
//
// Each is read from its start to its end; nothing may be left over:
//
//	heads: 1 where the last line ends without a newline, else 0 (1 byte)
//	heads: number of lines
//	heads: for each kind from 7 to 15 how many texts the blocks before had
//	the column of the lines' templates
//	for each class that has values in the block, in the order of classes:
//	    heads: sources (1): the first in the low 4 bits, the second in the high ones; or 255
//	    after 255, heads: the value that all slots of the class have; nothing follows
//	    planes: for each of the values, whether the first source names it, if there is one
//	    planes: for each of those it does not, whether the second does, if there is one
//	    the column of all other values, in the order of the lines
//
// Flags are a bit each, the first in the lowest bit of the first byte; the last
// byte is filled up.
//
// # Templates
//
// The text of a template is static text with slots in it. A byte of 16 or more
// is static. Byte 0 says that the next byte is static. Any other byte is the
// kind of a slot, and its parameters follow as bytes, 32 added to each:
//
//	1   number    decimal digits: 2^56 times the count of leading zeros, plus the number, of at most 16 digits in all
//	2   decimal   digits after the point (0…9); the number without its point and without leading zeros
//	3   hex       digits (1…16), lower case
//	4   HEX       likewise, upper case
//	5   stamp     layout, digits of the fraction (0…9)
//	6   again     likewise: a stamp, as zigzag of what it is later than the line's first one
//	7   address   IPv4; from here on the value is the number of a text of the kind
//	8   colons    IPv6 and MAC addresses
//	9   path      a line of the table of paths
//	11  quoted
//	12  value     after an equals sign, or within angle brackets behind it
//	13  user
//	14  word
//	15  line      a whole line, where it is longer than 64 KiB
//
// A stamp is a number of its smallest units: with year since 1900 (0 in layouts
// that show none) and month from 0, it is
// (((year*12+month)*32+day)*24+hour)*3600 + minute*60 + second, times 10 to the
// digits of the fraction, plus the fraction. For "again" the first stamp is
// multiplied by, or divided by (rounded down), the power of ten between the two
// fractions. Layouts, and 8 added where a comma and no point stands before the
// fraction:
//
//	0  Nov  3 03:10:00         3  2026-11-23 03:10:00
//	1  Nov 03 03:10:00         4  2026/11/23 03:10:00
//	2  2026-11-23T03:10:00     5  23/Nov/2026:03:10:00
//	                           6  23 Nov 2026 03:10:00
//
// # Classes and groups
//
// Slots with the same kind and parameters and the same 8 bytes before them in
// the text of their template (fewer at its start; leading zero bytes are as
// none) are a class. Classes are numbered in the order in which the slots come
// in the templates. A class is a group; but all slots of kind 7, all of kind 8
// and all of kind 13 are one group each.
//
// # Columns
//
// A column of n values is written as
//
//	heads: mode (high 4 bits) and width (low 4 bits, at most 8); noisy planes, a bit each
//	mode 0  heads: the one value, unless n is 0
//	mode 1  width planes of n bytes: first the lowest byte of each value, then the next; in planes or, where noisy, noise
//	mode 2  likewise, of zigzag(value - value before), the first one's being 0
//	mode 3  noise: n values of width bytes, low byte first
//	mode 4  heads: the first value; then as mode 1, of zigzag(value - value before), which is 0 for the first
//
// Mode 2 is no longer written: its first difference is the value itself, and made
// all of them as wide.
//
// A value that is the number of a text is written as how far it lies before
// the next new text of its kind in the order of the lines, of which there were
// as many before the block as it says: 0 is the next new text itself. (Named
// values and the value after 255 stand as they are; the latter is the next new
// text where it is equal to its number.)
//
// # Sources
//
// Sources know nothing of other blocks. The values of a line are found in order.
// A source names the value that was last found at its place; every value is
// told, after it is found, to the first and second source of its class, and to
// source 1 where any class of its group has it; but those after a 255 are told
// to none. The places are:
//
//	1  the group, and the key of the line
//	2  the class, and the value of kind 9 or above found last in the line
//	3  the slot of the template
//	4  the class
//
// The key of a line is its first value of kind 1 that stands directly after a
// "[" in the text of its template and is below 2^32 (in logs: the process), or
// its first one of kind 7 or 8, whichever comes first. A source whose place
// has no value yet names 2^64-1; one whose place lacks its key names nothing.
//
// # Limits
//
// A text has at most 1 GiB, a template at most 255 slots. A decoder is given a
// limit for the text of a block: it refuses a block with more lines, slots or
// bytes before it makes any text, and a segment whose texts of a kind together
// have more than 64 times as many.
package text
