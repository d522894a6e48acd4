package logs

import (
	"bytes"

	"stilltrace/index"
)

// errnos are the failures of system calls that have an action of their own:
// Linux's number, the text of strerror(3), and the action.
var errnos = [...]struct {
	number int
	text   string
	action index.Action
}{
	{5, "Input/output error", index.ActionIOError},
	{12, "Cannot allocate memory", index.ActionMemoryError},
	{13, "Permission denied", index.ActionPermissionDenied},
	{23, "Too many open files in system", index.ActionTooManyFiles},
	{24, "Too many open files", index.ActionTooManyFiles},
	{28, "No space left on device", index.ActionDiskFull},
	{30, "Read-only file system", index.ActionFSError},
	{32, "Broken pipe", index.ActionConnectionClosed},
	{98, "Address already in use", index.ActionServiceFailed},
	{104, "Connection reset by peer", index.ActionConnectionReset},
	{110, "Connection timed out", index.ActionConnectionTimeout},
	{111, "Connection refused", index.ActionConnectionRefused},
	{117, "Structure needs cleaning", index.ActionFSError},
	{122, "Disk quota exceeded", index.ActionDiskFull},
}

// errnoAction returns the action of an error number, or ActionOther.
func errnoAction(number int) index.Action {
	for i := range errnos {
		if errnos[i].number == number {
			return errnos[i].action
		}
	}
	return index.ActionOther
}

// errnoTextAction returns the action of the strerror text in b, or
// ActionOther. b must be a part of the message that only the program writes:
// a path or a name could hold such words as well.
func errnoTextAction(b []byte) index.Action {
	for i := range errnos {
		if bytes.Contains(b, []byte(errnos[i].text)) {
			return errnos[i].action
		}
	}
	return index.ActionOther
}
