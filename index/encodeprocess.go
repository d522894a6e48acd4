package index

func appendProcess(b []byte, p *Process) []byte {
	to := beginFields(b)
	part(&to, "io", p.IO, appendProcessIO)
	to.text("cwd", p.Cwd)
	to.text("exe", p.Exe)
	value(&to, "fds", p.FDs, appendInt)
	value(&to, "gid", p.GID, appendUint)
	partIf(&to, "oom", p.OOM, appendOOM)
	to.int("pid", int64(p.PID))
	to.int("sid", int64(p.SID))
	to.text("tty", p.TTY)
	value(&to, "uid", p.UID, appendUint)
	to.text("comm", p.Comm)
	part(&to, "ctxt", p.Switches, appendSwitches)
	value(&to, "egid", p.EGID, appendUint)
	value(&to, "euid", p.EUID, appendUint)
	to.textIf("look", string(p.Look))
	partsIf(&to, "maps", p.Maps, appendMapping)
	to.int("nice", int64(p.Nice))
	to.int("pgrp", int64(p.PGRP))
	to.int("ppid", int64(p.PPID))
	to.text("root", p.Root)
	valueIf(&to, "suid", p.SUID, appendUint)
	to.textIf("unit", p.Unit)
	to.text("user", p.User)
	partsIf(&to, "files", p.Files, appendOpenFile)
	to.uint("flags", uint64(p.Flags))
	valueIf(&to, "fsuid", p.FSUID, appendUint)
	to.textIf("label", p.Label)
	listIf(&to, "nspid", p.NSPID, appendInt)
	partIf(&to, "sched", p.Sched, appendSched)
	to.text("state", p.State)
	partsIf(&to, "tasks", p.Tasks, appendThread)
	valueIf(&to, "umask", p.Umask, appendUint)
	to.textIf("wchan", p.WChan)
	to.text("cgroup", p.Cgroup)
	partIf(&to, "faults", p.Faults, appendFaults)
	listIf(&to, "groups", p.Groups, appendUint)
	partsIf(&to, "limits", p.Limits, appendLimit)
	partIf(&to, "memory", p.Memory, appendMemoryUse)
	partIf(&to, "script", p.Script, appendScript)
	to.boolIf("blocked", p.Blocked)
	list(&to, "cmdline", p.Cmdline, appendText)
	partsIf(&to, "environ", p.Environ, appendVariable)
	value(&to, "session", p.Session, appendUint)
	partIf(&to, "signals", p.Signals, appendSignals)
	to.int("started", int64(p.Started))
	to.int("threads", int64(p.Threads))
	partIf(&to, "exe_file", p.ExeFile, appendFileIdentity)
	partIf(&to, "interval", p.Interval, appendInterval)
	value(&to, "loginuid", p.LoginUID, appendUint)
	partIf(&to, "security", p.Security, appendSecurityBits)
	to.uint("stime_ms", p.SystemMS)
	to.uint("utime_ms", p.UserMS)
	to.text("container", p.Container)
	to.uint("rss_bytes", p.RSS)
	to.uint("starttime", p.StartTime)
	to.textIf("exe_sha256", p.ExeSHA256)
	part(&to, "namespaces", &p.Spaces, appendNamespaces)
	value(&to, "swap_bytes", p.Swap, appendUint)
	to.intIf("tracer_pid", int64(p.Tracer))
	to.bool("exe_deleted", p.ExeGone)
	to.uint("vsize_bytes", p.VSize)
	to.bool("kernel_thread", p.Kernel)
	return to.end()
}

func appendProcessIO(b []byte, io *ProcessIO) []byte {
	to := beginFields(b)
	to.uint("rchar", io.ReadChars)
	to.uint("syscr", io.ReadCalls)
	to.uint("syscw", io.WriteCalls)
	to.uint("wchar", io.WriteChars)
	to.uint("read_bytes", io.ReadBytes)
	to.uint("write_bytes", io.WriteBytes)
	to.uint("cancelled_write_bytes", io.CancelledBytes)
	return to.end()
}

func appendSwitches(b []byte, s *Switches) []byte {
	to := beginFields(b)
	to.uint("voluntary", s.Voluntary)
	to.uint("involuntary", s.Involuntary)
	return to.end()
}

func appendLimit(b []byte, l *Limit) []byte {
	to := beginFields(b)
	to.int("hard", l.Hard)
	to.text("name", l.Name)
	to.int("soft", l.Soft)
	return to.end()
}

func appendNamespaces(b []byte, n *Namespaces) []byte {
	to := beginFields(b)
	to.uint("ipc", n.IPC)
	to.uint("mnt", n.Mnt)
	to.uint("net", n.Net)
	to.uint("pid", n.PID)
	to.uint("uts", n.UTS)
	to.uint("time", n.Time)
	to.uint("user", n.User)
	to.uint("cgroup", n.Cgroup)
	return to.end()
}

func appendInterval(b []byte, i *Interval) []byte {
	to := beginFields(b)
	to.uint("ms", i.MS)
	to.uint("stime_ms", i.SystemMS)
	to.uint("utime_ms", i.UserMS)
	return to.end()
}

func appendFileIdentity(b []byte, f *FileIdentity) []byte {
	to := beginFields(b)
	to.uint("gid", uint64(f.GID))
	to.uint("uid", uint64(f.UID))
	to.textIf("caps", f.Caps)
	to.uint("mode", uint64(f.Mode))
	to.int("ctime", int64(f.Ctime))
	to.uint("inode", f.Inode)
	to.int("mtime", int64(f.Mtime))
	to.uint("nlink", f.Links)
	to.text("device", f.Device)
	to.int("size_bytes", f.Size)
	return to.end()
}

func appendScript(b []byte, s *Script) []byte {
	to := beginFields(b)
	partIf(&to, "file", s.File, appendFileIdentity)
	to.text("path", s.Path)
	to.textIf("sha256", s.SHA256)
	return to.end()
}

func appendOpenFile(b []byte, f *OpenFile) []byte {
	to := beginFields(b)
	to.int("fd", int64(f.FD))
	valueIf(&to, "pos", f.Pos, appendUint)
	to.text("type", f.Type)
	to.uintIf("flags", uint64(f.Flags))
	to.uintIf("inode", f.Inode)
	to.textIf("access", f.Access)
	to.textIf("detail", f.Detail)
	to.intIf("mnt_id", int64(f.Mount))
	to.text("target", f.Target)
	to.boolIf("deleted", f.Deleted)
	return to.end()
}

func appendSecurityBits(b []byte, s *SecurityBits) []byte {
	to := beginFields(b)
	to.uintIf("cap_amb", s.CapAmbient)
	to.uint("cap_bnd", s.CapBounding)
	to.uint("cap_eff", s.CapEffective)
	to.uintIf("cap_inh", s.CapInherited)
	to.uint("cap_prm", s.CapPermitted)
	to.int("seccomp", int64(s.Seccomp))
	to.bool("no_new_privs", s.NoNewPrivs)
	to.intIf("seccomp_filters", int64(s.Filters))
	return to.end()
}

func appendMemoryUse(b []byte, u *MemoryUse) []byte {
	to := beginFields(b)
	to.uintIf("data_bytes", u.Data)
	to.uintIf("stack_bytes", u.Stack)
	to.uintIf("vmhwm_bytes", u.PeakResident)
	to.uintIf("locked_bytes", u.Locked)
	to.uintIf("vmpeak_bytes", u.PeakVirtual)
	to.uintIf("rss_anon_bytes", u.Anonymous)
	to.uintIf("rss_file_bytes", u.File)
	to.uintIf("rss_shmem_bytes", u.Shared)
	to.uintIf("page_tables_bytes", u.PageTables)
	return to.end()
}

func appendFaults(b []byte, f *Faults) []byte {
	to := beginFields(b)
	to.uint("majflt", f.Major)
	to.uint("minflt", f.Minor)
	to.uintIf("cmajflt", f.ChildMajor)
	to.uintIf("cminflt", f.ChildMinor)
	to.uintIf("cstime_ms", f.ChildSystemMS)
	to.uintIf("cutime_ms", f.ChildUserMS)
	to.uintIf("blkio_delay_ms", f.BlockIOMS)
	return to.end()
}

func appendSched(b []byte, s *Sched) []byte {
	to := beginFields(b)
	to.uintIf("policy", uint64(s.Policy))
	to.uintIf("wait_ms", s.WaitMS)
	to.uintIf("rt_priority", uint64(s.RealTime))
	return to.end()
}

func appendOOM(b []byte, o *OOM) []byte {
	to := beginFields(b)
	to.int("adj", int64(o.Adj))
	to.int("score", int64(o.Score))
	return to.end()
}

func appendSignals(b []byte, s *Signals) []byte {
	to := beginFields(b)
	to.uintIf("caught", s.Caught)
	to.uintIf("blocked", s.Blocked)
	to.uintIf("ignored", s.Ignored)
	to.uintIf("pending", s.Pending)
	return to.end()
}

func appendThread(b []byte, t *Thread) []byte {
	to := beginFields(b)
	to.int("tid", int64(t.TID))
	to.text("comm", t.Comm)
	to.text("state", t.State)
	partIf(&to, "rights", t.Rights, appendThreadRights)
	to.uintIf("stime_ms", t.SystemMS)
	to.uintIf("utime_ms", t.UserMS)
	to.uint("starttime", t.StartTime)
	return to.end()
}

func appendThreadRights(b []byte, r *ThreadRights) []byte {
	to := beginFields(b)
	value(&to, "gid", r.GID, appendUint)
	value(&to, "uid", r.UID, appendUint)
	value(&to, "egid", r.EGID, appendUint)
	value(&to, "euid", r.EUID, appendUint)
	value(&to, "suid", r.SUID, appendUint)
	value(&to, "fsuid", r.FSUID, appendUint)
	listIf(&to, "groups", r.Groups, appendUint)
	partIf(&to, "security", r.Security, appendSecurityBits)
	return to.end()
}

func appendMapping(b []byte, a *Mapping) []byte {
	to := beginFields(b)
	to.textIf("path", a.Path)
	to.uintIf("inode", a.Inode)
	to.intIf("parts", int64(a.Parts))
	to.text("perms", a.Perms)
	to.uintIf("start", a.Start)
	to.textIf("device", a.Device)
	to.boolIf("deleted", a.Deleted)
	to.uint("size_bytes", a.Size)
	return to.end()
}

func appendVariable(b []byte, v *Variable) []byte {
	to := beginFields(b)
	to.text("name", v.Name)
	valueIf(&to, "value", v.Value, appendText)
	return to.end()
}
