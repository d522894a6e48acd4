package logs

import (
	"bytes"

	"stilltrace/index"
)

// kernelSays lists what the kernel says of its trouble, in the words of its
// printk calls. The first row whose text the message holds is taken. Rows whose
// action is other give the level alone.
var kernelSays = []struct {
	text   string
	action index.Action
	level  index.Level
}{
	{"page allocation failure", index.ActionMemoryError, index.LevelErr},     // mm/page_alloc.c
	{"Out of memory", index.ActionMemoryError, index.LevelErr},               // mm/oom_kill.c, other than a kill
	{"apparmor=\"DENIED\"", index.ActionPermissionDenied, index.LevelNotice}, // security/apparmor/audit.c
	{"avc:  denied", index.ActionPermissionDenied, index.LevelNotice},        // security/selinux/avc.c
	{"No space left on device", index.ActionDiskFull, index.LevelErr},
	{"with error 28", index.ActionDiskFull, index.LevelErr}, // fs/ext4/inode.c, ENOSPC at delayed allocation
	{"EXT4-fs error", index.ActionFSError, index.LevelErr},  // fs/ext4/super.c
	{"error count since last fsck", index.ActionFSError, index.LevelNotice},
	{"Remounting filesystem read-only", index.ActionFSError, index.LevelCrit},
	{"Aborting journal on device", index.ActionFSError, index.LevelErr}, // fs/jbd2/journal.c
	{"Corruption", index.ActionFSError, index.LevelErr},                 // fs/xfs: "Corruption detected", "Corruption of in-memory data"
	{"Metadata corruption detected", index.ActionFSError, index.LevelErr},
	{"metadata I/O error", index.ActionFSError, index.LevelErr},             // fs/xfs/xfs_buf.c
	{"Filesystem has been shut down", index.ActionFSError, index.LevelCrit}, // fs/xfs/xfs_fsops.c
	{"BTRFS error", index.ActionFSError, index.LevelErr},                    // fs/btrfs/messages.c
	{"BTRFS critical", index.ActionFSError, index.LevelCrit},
	{"I/O error", index.ActionIOError, index.LevelErr},             // block/blk-core.c, fs/buffer.c
	{"critical medium error", index.ActionIOError, index.LevelErr}, // block/blk-core.c
	{"critical target error", index.ActionIOError, index.LevelErr},
	{"failed command: ", index.ActionIOError, index.LevelErr},         // drivers/ata/libata-eh.c
	{"file-max limit ", index.ActionTooManyFiles, index.LevelWarning}, // fs/file_table.c
	{"memory read error", index.ActionMemoryError, index.LevelErr},    // drivers/edac
	{"Kernel panic", index.ActionOther, index.LevelEmerg},             // kernel/panic.c
	{"BUG: ", index.ActionOther, index.LevelCrit},
	{"Oops: ", index.ActionOther, index.LevelCrit},
	{"[Hardware Error]", index.ActionOther, index.LevelErr},                // arch/x86/kernel/cpu/mce
	{"blocked for more than ", index.ActionOther, index.LevelErr},          // kernel/hung_task.c
	{"WARNING: ", index.ActionOther, index.LevelWarning},                   // kernel/panic.c
	{"Possible SYN flooding", index.ActionOther, index.LevelWarning},       // net/ipv4/tcp_input.c
	{"table full, dropping packet", index.ActionOther, index.LevelWarning}, // net/netfilter/nf_conntrack_core.c
}

// readKernel reads a message of the kernel, without the time since boot. One
// kill by the OOM killer is its one "Killed process" line; the dump around it,
// "invoked oom-killer" and "oom-kill:" tell of the same. The PID is that of the
// process that the message is about; its name is at most 15 bytes of any text
// (prctl(2), PR_SET_NAME).
func readKernel(msg []byte, e *Entry) {
	if readFirewall(msg, e) || kernelKill(msg, e) || kernelFault(msg, e) {
		return
	}
	if _, number, ok := around(msg, "with error "); ok {
		number, _ = cutWord(number)
		e.Decide(number)
	}
	for i := range kernelSays {
		if s := &kernelSays[i]; bytes.Contains(msg, []byte(s.text)) {
			e.Action, e.Level = s.action, s.level
			return
		}
	}
}

// kernelKill reads what mm/oom_kill.c writes:
//
//	node invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
//	oom-kill:constraint=CONSTRAINT_MEMCG,…,task_memcg=/a,task=node,pid=2134,uid=1000
//	Out of memory: Killed process 2134 (node) total-vm:…
//	Memory cgroup out of memory: Killed process 2134 (node) total-vm:…
//	Out of memory: Kill process 2134 (node) score 900 or sacrifice child    (before 5.1)
//	Killed process 2134 (node) total-vm:…                                   (before 5.1)
//	oom_reaper: reaped process 2134 (node), now anon-rss:0kB, …
func kernelKill(msg []byte, e *Entry) bool {
	rest, _ := cut(msg, "Out of memory: ")
	rest, _ = cut(rest, "Memory cgroup out of memory: ")
	if rest, ok := cut(rest, "Killed process "); ok && kernelProcess(rest, e) {
		e.mark(index.ActionOOMKill, index.OutcomeUnknown, index.LevelErr)
		return true
	}
	if rest, ok := cut(rest, "Kill process "); ok && kernelProcess(rest, e) {
		e.mark(index.ActionMemoryError, index.OutcomeUnknown, index.LevelErr)
		return true
	}
	if rest, ok := cut(msg, "oom_reaper: reaped process "); ok && kernelProcess(rest, e) {
		e.Level = index.LevelInfo
		return true
	}
	if name, _, ok := around(msg, " invoked oom-killer: "); ok {
		e.mark(index.ActionMemoryError, index.OutcomeUnknown, index.LevelWarning)
		e.Set("process", name)
		return true
	}
	rest, ok := cut(msg, "oom-kill:constraint=")
	if !ok {
		return false
	}
	e.Level = index.LevelInfo
	if head, ids, ok := aroundLast(rest, ",pid="); ok {
		pid, _, _ := around(ids, ",")
		if !e.process(pid) {
			e.PID = 0
		}
		head, name, _ := aroundLast(head, ",task=")
		e.Set("process", name)
		_, group, _ := aroundLast(head, ",task_memcg=")
		e.Set("cgroup", group)
	}
	return true
}

// kernelProcess reads "2134 (node) …"; no bracket follows the name's own.
func kernelProcess(b []byte, e *Entry) bool {
	number, rest := cutWord(b)
	end := bytes.LastIndexByte(rest, ')')
	if end < 1 || rest[0] != '(' || !e.process(number) {
		return false
	}
	e.Set("process", rest[1:end])
	return true
}

// kernelFault reads what arch/x86/mm/fault.c and arch/x86/kernel/traps.c write
// of a process that died of its own fault:
//
//	node[2134]: segfault at 8 ip 00007f… sp 00007f… error 4 in libc.so.6[7f…+1000]
//	traps: node[2134] general protection fault ip:7f… sp:7f… error:0 in libc.so.6[7f…+1000]
//	traps: node[2134] trap invalid opcode ip:…
func kernelFault(msg []byte, e *Entry) bool {
	// A name of 15 bytes cannot hold "[1]: segfault at " or "[1] general protection"; it can hold "[1] trap ", so
	// there the last one counts, within the bytes that name and pid can take.
	before, rest, ok := around(msg, "]: segfault at ")
	if !ok {
		trap, isTrap := cut(msg, "traps: ")
		if !isTrap {
			return false
		}
		if before, rest, ok = around(trap, "] general protection"); !ok {
			const longest = 15 + len("[4194304] trap ")
			if before, _, ok = aroundLast(trap[:min(len(trap), longest)], "] trap "); !ok {
				return false
			}
			rest = trap[len(before):]
		}
	}
	name, number, ok := aroundLast(before, "[")
	if !ok || !e.process(number) {
		return false
	}
	e.mark(index.ActionSegfault, index.OutcomeUnknown, index.LevelErr)
	e.Set("process", name)
	if _, object, ok := around(rest, " in "); ok {
		object, _, _ = around(object, "[")
		e.Set("object", object)
	}
	return true
}
