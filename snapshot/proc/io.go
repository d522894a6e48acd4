package proc

import (
	"bytes"
	"strconv"

	"stilltrace/index"
)

// io reads proc_pid_io(5).
func (v *visit) io(p *index.Process) {
	data, err := v.dir.whole("io", maxText) // it waits for a program that is being started (exec_update_lock)
	if err == nil {
		p.IO, err = parseIO(data)
	}
	if err != nil {
		v.fail("io", err)
	}
}

// parseIO reads the lines of io. A line of tomorrow is passed over.
func parseIO(data []byte) (*index.ProcessIO, error) {
	var io index.ProcessIO
	known := 0
	for line := range bytes.Lines(data) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		to := ioField(&io, string(key))
		if to == nil {
			continue
		}
		n, err := strconv.ParseUint(string(value), 10, 64)
		if err != nil {
			return nil, torn("%.40q", line)
		}
		*to = n
		known++
	}
	if known == 0 {
		return nil, torn("no line of io in %.40q", data)
	}
	return &io, nil
}

// ioField is where a line belongs, nil for one that is not kept.
func ioField(io *index.ProcessIO, key string) *uint64 {
	switch key {
	case "rchar":
		return &io.ReadChars
	case "wchar":
		return &io.WriteChars
	case "syscr":
		return &io.ReadCalls
	case "syscw":
		return &io.WriteCalls
	case "read_bytes":
		return &io.ReadBytes
	case "write_bytes":
		return &io.WriteBytes
	case "cancelled_write_bytes":
		return &io.CancelledBytes
	}
	return nil
}
