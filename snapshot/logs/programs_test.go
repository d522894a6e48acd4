package logs

import "testing"

func TestSudo(t *testing.T) {
	testMessages(t, "sudo", []messageTest{
		{"a command", "     bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/id -u",
			parsed{action: "sudo", outcome: "success", level: "notice", user: "bob", fields: "tty=pts/0, pwd=/home/bob, target_user=root, command=/usr/bin/id -u"}},
		{"with a group and an environment", "bob : TTY=unknown ; PWD=/ ; USER=alice ; GROUP=adm ; ENV=A=1 ; COMMAND=/bin/sh -c a ; b",
			parsed{action: "sudo", outcome: "success", level: "notice", user: "bob", fields: "tty=unknown, pwd=/, target_user=alice, command=/bin/sh -c a ; b"}},
		{"wrong passwords, once", "bob : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/id",
			parsed{action: "sudo_denied", outcome: "failure", level: "warning", user: "bob",
				fields: "reason=3 incorrect password attempts, tty=pts/1, pwd=/home/bob, target_user=root, command=/usr/bin/id"}},
		{"not in sudoers", "alice : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id",
			parsed{action: "sudo_denied", outcome: "failure", level: "warning", user: "alice", fields: "reason=user NOT in sudoers, tty=pts/1, pwd=/, target_user=root, command=/usr/bin/id"}},
		{"not allowed", "bob : command not allowed ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/cat /etc/shadow",
			parsed{action: "sudo_denied", outcome: "failure", level: "warning", user: "bob", fields: "reason=command not allowed, tty=pts/1, pwd=/, target_user=root, command=/usr/bin/cat /etc/shadow"}},
		{"an error", "bob : problem with defaults entries ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id",
			parsed{outcome: "failure", level: "err", user: "bob", fields: "reason=problem with defaults entries, tty=pts/1, pwd=/, target_user=root, command=/usr/bin/id"}},
		{"a continued command", "bob : (command continued) -v ; USER=root ; COMMAND=x", parsed{level: "notice", user: "bob"}},
		{"a directory like fields", "bob : TTY=pts/0 ; PWD=/tmp/x ; USER=alice ; COMMAND=/bin/true ; USER=root ; COMMAND=/usr/bin/id",
			parsed{action: "sudo", outcome: "success", level: "notice", user: "bob",
				fields: "tty=pts/0, ambiguous=TTY=pts/0 ; PWD=/tmp/x ; USER=alice ; COMMAND=/bin/true ; USER=root ; COMMAND=/usr/bin/id"}},
		{"something else", "unable to resolve host web01: Name or service not known", parsed{}},
	})
}

func TestSu(t *testing.T) {
	testMessages(t, "su", []messageTest{
		{"util-linux", "(to root) bob on pts/0", parsed{action: "su", outcome: "success", level: "notice", user: "bob", fields: "target_user=root, tty=pts/0"}},
		{"util-linux, failed", "FAILED SU (to root) bob on pts/0", parsed{action: "su_failed", outcome: "failure", level: "warning", user: "bob", fields: "target_user=root, tty=pts/0"}},
		{"util-linux, a name like the shape", "FAILED SU (to x) alice on pts/9) bob on pts/0",
			parsed{action: "su_failed", outcome: "failure", level: "warning", user: "bob", fields: "target_user=x) alice on pts/9, tty=pts/0"}},
		{"shadow", "Successful su for root by bob", parsed{action: "su", outcome: "success", level: "notice", user: "bob", fields: "target_user=root"}},
		{"shadow, failed", "FAILED su for root by bob", parsed{action: "su_failed", outcome: "failure", level: "warning", user: "bob", fields: "target_user=root"}},
		{"shadow, the second line", "+ /dev/pts/0 bob:root", parsed{}},
	})
}

func TestLogin(t *testing.T) {
	testMessages(t, "login", []messageTest{
		{"shadow", "FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
			parsed{action: "login_failed", outcome: "failure", level: "warning", user: "root", fields: "reason=Authentication failure"}},
		{"util-linux", "FAILED LOGIN 1 FROM tty1 FOR a, b, Authentication failure",
			parsed{action: "login_failed", outcome: "failure", level: "warning", user: "a, b", fields: "reason=Authentication failure"}},
		{"root", "ROOT LOGIN  on '/dev/tty1'", parsed{action: "login", outcome: "success", level: "notice"}},
		{"a user", "LOGIN ON tty1 BY bob FROM 203.0.113.7", parsed{action: "login", outcome: "success", level: "info", user: "bob", ip: "203.0.113.7", fields: "tty=tty1"}},
	})
}

func TestAccount(t *testing.T) {
	changed := func(user, fields string) parsed {
		return parsed{action: "account_changed", outcome: "success", level: "notice", user: user, fields: fields}
	}
	testMessages(t, "useradd", []messageTest{
		{"new user", "new user: name=bob, UID=1001, GID=1001, home=/home/bob, shell=/bin/bash, from=/dev/pts/1", changed("bob", "")},
		{"new group", "new group: name=bob, GID=1001", changed("", "group=bob")},
		{"new group, the second line", "group added to /etc/group: name=bob, GID=1001", parsed{}},
		{"member", "add 'bob' to group 'sudo'", changed("bob", "group=sudo")},
		{"member, the second line", "add 'bob' to shadow group 'sudo'", parsed{}},
		{"member no more", "delete 'bob' from group 'sudo'", changed("bob", "group=sudo")},
		{"deleted", "delete user 'bob'", changed("bob", "")},
		{"password", "change user 'bob' password", changed("bob", "")},
		{"renamed", "change user name 'bob' to 'rob'", changed("bob", "")},
		{"shell", "changed user 'bob' shell to '/bin/sh'", changed("bob", "")},
		{"expiry", "changed password expiry for bob", changed("bob", "")},
		{"gpasswd", "user bob added by root to group sudo", changed("bob", "by=root, group=sudo")},
		{"group gone", "group 'x' removed", changed("", "group=x")},
		{"group gone with its user", "removed group 'bob' owned by 'bob'", changed("", "group=bob")},
		{"group gone, the second line", "group 'x' removed from /etc/gshadow", parsed{}},
		{"failed", "failed adding user 'bob', exit code: 9", parsed{outcome: "failure", level: "err"}},
	})
}

func TestCron(t *testing.T) {
	testMessages(t, "CRON", []messageTest{
		{"a job", "(root) CMD (   cd / && (run-parts) --report)", parsed{action: "scheduled_job", level: "info", user: "root", fields: "command=   cd / && (run-parts) --report"}},
		{"busybox", "USER root pid  99 cmd run-parts /etc/periodic", parsed{action: "scheduled_job", level: "info", user: "root", fields: "command=run-parts /etc/periodic"}},
		{"a new crontab", "(bob) REPLACE (bob)", parsed{action: "config_changed", outcome: "success", level: "notice", user: "bob", fields: "crontab=bob"}},
		{"read again", "(*system*) RELOAD (/etc/crontab)", parsed{action: "config_changed", outcome: "success", level: "notice", user: "*system*", fields: "crontab=/etc/crontab"}},
		{"shown", "(bob) LIST (bob)", parsed{level: "info", user: "bob"}},
		{"started", "(CRON) STARTUP (fork ok)", parsed{action: "service_started", outcome: "success", level: "info"}},
		{"died", "(CRON) DEATH (can't lock)", parsed{action: "service_failed", outcome: "failure", level: "crit", fields: "reason=can't lock"}},
		{"a job that failed", "(CRON) error (grandchild #9 failed with exit status 1)", parsed{outcome: "failure", level: "err", fields: "reason=grandchild #9 failed with exit status 1"}},
		{"a session of its own", "pam_unix(cron:session): session closed for user root", parsed{action: "session_closed", outcome: "success", level: "info", user: "root"}},
	})
	testMessages(t, "anacron", []messageTest{
		{"started", "Job `cron.daily' started", parsed{action: "scheduled_job", level: "info", fields: "command=cron.daily"}},
		{"ended", "Job `cron.daily' terminated", parsed{level: "info", fields: "command=cron.daily"}},
		{"end of all", "Normal exit (1 job run)", parsed{level: "info"}},
	})
}

func TestSystemd(t *testing.T) {
	testMessages(t, "systemd", []messageTest{
		{"started", "Started ssh.service - OpenBSD Secure Shell server.", parsed{action: "service_started", outcome: "success", level: "info", fields: "unit=ssh.service"}},
		{"started, before 250", "Started OpenBSD Secure Shell server.", parsed{action: "service_started", outcome: "success", level: "info"}},
		{"stopped", "Stopped ssh.service - OpenBSD Secure Shell server.", parsed{action: "service_stopped", outcome: "success", level: "info", fields: "unit=ssh.service"}},
		{"a session is no service", "Started session-3.scope - Session 3 of User bob.", parsed{level: "info", fields: "unit=session-3.scope"}},
		{"a session is no service, before 250", "Started Session 3 of user bob.", parsed{level: "info"}},
		{"starting", "Starting ssh.service - OpenBSD Secure Shell server...", parsed{level: "info"}},
		{"failed", "shop.service: Failed with result 'exit-code'.", parsed{action: "service_failed", outcome: "failure", level: "err", fields: "unit=shop.service, reason=exit-code"}},
		{"why it failed", "shop.service: Main process exited, code=exited, status=1/FAILURE", parsed{outcome: "failure", level: "warning", fields: "unit=shop.service"}},
		{"what follows from it", "Failed to start shop.service - The shop.", parsed{outcome: "failure", level: "err", fields: "unit=shop.service"}},
		{"a dependency", "Dependency failed for shop.service - The shop.", parsed{action: "service_failed", outcome: "failure", level: "err", fields: "unit=shop.service"}},
		{"ended well", "shop@1.service: Deactivated successfully.", parsed{level: "info", fields: "unit=shop@1.service"}},
		{"the clock", "Time has been changed", parsed{action: "time_change", level: "info"}},
	})
	testMessages(t, "systemd-logind", []messageTest{
		{"new session", "New session 5 of user bob.", parsed{action: "session_opened", outcome: "success", level: "info", user: "bob", fields: "session=5"}},
		{"logged out", "Session 5 logged out. Waiting for processes to exit.", parsed{level: "info", fields: "session=5"}},
		{"removed", "Removed session 5.", parsed{action: "session_closed", outcome: "success", level: "info", fields: "session=5"}},
	})
	testMessages(t, "systemd-oomd", []messageTest{
		{"a kill", "Killed /user.slice/a.scope due to memory pressure for /user.slice being 62.10% > 50.00% for > 20s with reclaim activity",
			parsed{action: "oom_kill", level: "err", fields: "cgroup=/user.slice/a.scope"}},
	})
	testMessages(t, "chronyd", []messageTest{
		{"a step", "System clock was stepped by -3.2 seconds", parsed{action: "time_change", outcome: "success", level: "notice"}},
		{"a source", "Selected source 192.0.2.1 (ntp1.example)", parsed{}},
	})
}

func TestKernel(t *testing.T) {
	block := func(prefix string) string {
		return prefix + "IN=eth0 OUT= MAC=52:54:00:9b:1c:07 SRC=203.0.113.7 DST=198.51.100.20 LEN=40 TOS=0x00 TTL=51 ID=1 DF PROTO=TCP SPT=4711 DPT=22 WINDOW=1024 SYN URGP=0 "
	}
	const packet = "in=eth0, dst=198.51.100.20, proto=TCP, port=4711, dst_port=22"
	oom := func(pid int, fields string) parsed {
		return parsed{action: "oom_kill", level: "err", pid: pid, fields: fields}
	}
	testMessages(t, "kernel", []messageTest{
		{"killed", "Out of memory: Killed process 2134 (node) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0", oom(2134, "process=node")},
		{"killed in a group", "Memory cgroup out of memory: Killed process 2134 (a b) total-vm:1kB, anon-rss:1kB", oom(2134, "process=a b")},
		{"killed, before 5.1", "Killed process 2134 (node), UID 1000, total-vm:1kB, anon-rss:1kB, file-rss:0kB", oom(2134, "process=node")},
		{"killed, a name like the shape", "Out of memory: Killed process 2134 (x) total-vm:1kB) total-vm:9kB, anon-rss:1kB", oom(2134, "process=x) total-vm:1kB")},
		{"chosen, before 5.1", "Out of memory: Kill process 2134 (node) score 900 or sacrifice child", parsed{action: "memory_error", level: "err", pid: 2134, fields: "process=node"}},
		{"invoked", "node invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0", parsed{action: "memory_error", level: "warning", fields: "process=node"}},
		{"the group of it", "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=node,pid=2134,uid=1000",
			parsed{level: "info", pid: 2134, fields: "process=node, cgroup=/a/b"}},
		{"reaped", "oom_reaper: reaped process 2134 (node), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB", parsed{level: "info", pid: 2134, fields: "process=node"}},
		{"nothing to kill", "Out of memory and no killable processes...", parsed{action: "memory_error", level: "err"}},
		{"allocation", "kworker/0:1: page allocation failure: order:5, mode:0x40dc0(GFP_KERNEL)", parsed{action: "memory_error", level: "err"}},

		{"segfault", "node[2134]: segfault at 8 ip 00007f0 sp 00007ff error 4 in libc.so.6[7f0+1000] likely on CPU 1 (core 1, socket 0)",
			parsed{action: "segfault", level: "err", pid: 2134, fields: "process=node, object=libc.so.6"}},
		{"segfault nowhere", "node[2134]: segfault at 0 ip 0000000000000000 sp 00007ff error 14", parsed{action: "segfault", level: "err", pid: 2134, fields: "process=node"}},
		{"segfault of a name like it", "a[1]: segfault [2134]: segfault at 8 ip 0 sp 0 error 4 in a[0+1]", parsed{action: "segfault", level: "err", pid: 2134, fields: "process=a[1]: segfault , object=a"}},
		{"protection", "traps: node[2134] general protection fault ip:7f sp:7f error:0 in node[55+1000]", parsed{action: "segfault", level: "err", pid: 2134, fields: "process=node, object=node"}},
		{"trap", "traps: a[1] trap b[2134] trap invalid opcode ip:55 sp:7f error:0 in a[55+1000]", parsed{action: "segfault", level: "err", pid: 2134, fields: "process=a[1] trap b, object=a"}},

		{"ufw", block("[UFW BLOCK] "), parsed{action: "firewall_block", outcome: "failure", level: "warning", ip: "203.0.113.7", fields: packet}},
		{"ufw allows", block("[UFW ALLOW] "), parsed{level: "info", ip: "203.0.113.7", fields: packet}},
		{"a rule of one's own", block("iptables-Dropped: "), parsed{action: "firewall_block", outcome: "failure", level: "warning", ip: "203.0.113.7", fields: packet}},
		{"a rule that does not say", block("ssh: "), parsed{level: "warning", ip: "203.0.113.7", fields: packet}},
		{"ICMP that quotes another packet", "[UFW BLOCK] IN=eth0 OUT= SRC=2001:db8::7 DST=2001:db8::1 PROTO=ICMPv6 TYPE=1 CODE=4 [SRC=198.51.100.77 DST=203.0.113.9 PROTO=UDP SPT=53 DPT=9 ] ",
			parsed{action: "firewall_block", outcome: "failure", level: "warning", ip: "2001:db8::7", fields: "in=eth0, dst=2001:db8::1, proto=ICMPv6"}},

		{"disk", "I/O error, dev sda, sector 9 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0", parsed{action: "io_error", level: "err"}},
		{"buffer", "Buffer I/O error on dev sda1, logical block 9, lost async page write", parsed{action: "io_error", level: "err"}},
		{"ext4", "EXT4-fs error (device sda1): ext4_lookup:1700: inode #2: comm ls: deleted inode referenced: 9", parsed{action: "fs_error", level: "err"}},
		{"ext4 read-only", "EXT4-fs (sda1): Remounting filesystem read-only", parsed{action: "fs_error", level: "crit"}},
		{"ext4 mounted", "EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.", parsed{}},
		{"ext4 full", "EXT4-fs (sda1): Delayed block allocation failed for inode 9 at logical offset 0 with max blocks 2 with error 28", parsed{action: "disk_full", level: "err"}},
		{"xfs", "XFS (sda1): Corruption detected. Unmount and run xfs_repair", parsed{action: "fs_error", level: "err"}},
		{"xfs metadata", "XFS (sda1): metadata I/O error in \"xfs_buf_ioend+0x1\" at daddr 0x1 len 1 error 5", parsed{action: "fs_error", level: "err"}},
		{"apparmor", `audit: type=1400 audit(1.2:3): apparmor="DENIED" operation="open" profile="x"`, parsed{action: "permission_denied", level: "notice"}},
		{"panic", "Kernel panic - not syncing: Fatal exception", parsed{level: "emerg"}},
		{"hung", "INFO: task node:2134 blocked for more than 120 seconds.", parsed{level: "err"}},
		{"files", "VFS: file-max limit 1024 reached", parsed{action: "too_many_files", level: "warning"}},
		{"nothing", "docker0: port 1(veth1) entered blocking state", parsed{}},
	})
}
