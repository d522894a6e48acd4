package proc

import (
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// ReadClocks reads the clocks together (clock_gettime(2)). The monotonic ones
// belong to the machine that runs this; where another host is read they say
// nothing about it and stay zero.
func ReadClocks(live bool) index.Clocks {
	c := index.Clocks{Realtime: index.Time(clock(unix.CLOCK_REALTIME))}
	if live {
		c.Monotonic = clock(unix.CLOCK_MONOTONIC)
		c.Boottime = clock(unix.CLOCK_BOOTTIME)
	}
	return c
}

// clock returns nanoseconds, or 0 where the kernel has no such clock.
func clock(id int32) int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		return 0
	}
	return ts.Nano()
}
