// Package summary is what a case counts while it is written, so that an
// overview reads no events: kinds of events with how often, since when and
// where; users; addresses with what happened to them; events per minute.
//
// Builders gather it, one for each goroutine of a capture, and Merge puts them
// together into one run of pages. A Reader answers from one run or several: all
// of it adds up, so runs of several snapshots, or of several hosts, answer as one
// would. Nothing here knows where pages are stored.
//
// Which Builder saw which event, and when one of them had to write a part of
// its memory to a scratch file, makes no difference to a byte of the result.
//
// # The tables of a run
//
// Rows of a table come in the order of their keys and are cut into pages. Of
// each row the events, the occurrences ("message repeated N times" is N), and the
// times of the earliest and the latest are kept.
//
//	1 Kinds      Kind                        and where the earliest and the latest stand; for kinds of trouble the earliest's message
//	2 Users      name                        events that name the user
//	3 Addresses  address, with its Strands   by source, action, class of HTTP status, service, jail, and whether the events are about the
//	                                         address and name others too; and the lines of the earliest and the latest
//	4 Tries      address, user               events about the address that name the user; the count is of credentials used
//	5 Deeds      address, sort, place        the earliest 100 bans and unbans, and the earliest 100 logins
//	6 Minutes    group, source, minute       a group is 256 minutes of UTC; events whose clock is that of the capture are in none
//	7 Leaders    rank                        the 256 addresses with most refused logins, then requests, then events: rows of Addresses, how many
//	                                         users each has, and the ten that were tried most
//	8 Heads      (one page)                  totals of all addresses, and of those within some networks
//
// Events without a time of their own (their clock is that of the capture, or
// their time is 0) are kinds and strands apart, marked undated: there the times
// merely order. In Users, Tries and Minutes a time of 0 is unknown and undated
// events give none.
//
// # A page
//
// Numbers are unsigned varints (LEB128) unless said otherwise; ± is zigzag.
//
//	number of rows
//	length of the head
//	for each column: how many numbers it holds, and how many bytes their low bits take
//	the head
//	for each column: a byte for each number, how many bits it has (0 of the number 0)
//	for each column: of each number the bits below its highest one, from the lowest bit of the first byte on
//
// The head begins with the texts of the page, numbered from 0: how many, then
// for each how many bytes it shares with the one before it, how many follow, and
// these. What follows in the head, and the columns, are in the order of the
// constants of each table:
//
//	Kinds      classes: how many, then action, level and outcome (a byte each); the unit (a byte)
//	Users      the unit
//	Addresses  threads: how many, then for each source, bits (action, 3 bits of status, about, shared, undated), service, jail,
//	           a byte of twice the unit plus 1 if it repeats, and ± its earliest time in units;
//	           sets of threads: how many, then for each how many and which
//	Tries      the unit; forms: how many, then events and count of each; ± the earliest second of all
//	Deeds      the unit; forms: how many, then source, action (a byte), login (a byte), service and jail of each
//	Minutes    sources: how many, then each and its unit
//	Heads      addresses, events, occurrences, odd (a byte), ± first, ± last, actions: how many, then each (a byte) and its count
//
// A page of Leaders is the length of a page of Addresses, that page, and one
// of their users.
//
// The unit is the number of the largest of 1 s, 1 ms, 1 µs and 1 ns that
// divides the times which it is said of.
//
// # Limits
//
// What lies beyond the limits of one address (a thousand strands, names of
// 255 bytes) is counted under source 0 by action and status, so that sums stay
// exact. Which strands these are follows from their order, not from that of the events.
package summary
