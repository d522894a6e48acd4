// Package proc reads a procfs and the few files of /etc that explain it into
// the records of a case: the host, its processes, and its sockets with the
// processes that hold them.
//
// It reads the running host's own /proc, or one that was mounted or copied
// elsewhere. What it cannot read becomes an index.Gap and the reading goes on;
// only what stops it altogether is an error. It opens regular files,
// directories, link texts and, of a running host, the executables and scripts
// of its processes to hash them, and its network namespaces to ask the kernel's
// socket monitor there. It opens no device, sends no signal and traces nobody.
//
// # The order
//
// What moves comes first: FirstLook lists the processes and reads the stat of
// each; then the socket tables (Table.ReadSockets), and at the same time the
// processes whole (Table.Processes), by two readers; then a second listing for
// those that came meanwhile, and a look for those that no listing shows. Table.Join
// gives the sockets their owners. What hardly moves comes last (ReadFiles).
//
// # Identity
//
// All of a process is read relative to its directory, which is held open and
// stays bound to it: once the process has ended nothing can be read there, even
// where its pid was given away. Its stat is read last, and must have the start
// time that the first look saw; else two processes had the pid, and both are
// in the case. One that starts another program meanwhile is read again (image.go).
//
// # What can block
//
// cmdline, environ and maps wait for the lock of an address space, an
// executable for its file server, and neither wait can be called off. They are
// read behind all else of a process. A reader that takes too long is left where
// it is, the process goes into the case without them, and another reader takes
// its place (pool.go). Files of the host and file systems that are asked how
// full they are have deadlines of their own.
//
// # The library
//
// github.com/prometheus/procfs reads what it reads whole: /proc/stat, meminfo,
// pressure, swaps, diskstats. The rest is read here: procfs opens by path, so
// that a pid given away would be read as the process before; it leaves out a part
// (status without Groups, Seccomp and TracerPid; loadavg without the tasks),
// loses a whole table over one bad line (net/*, mountinfo), or has no reader;
// and its way of reading a process takes ten times as long as the kernel needs.
//
// Sources: proc(5) and the pages that it names, Documentation/filesystems/proc.rst
// of the kernel.
package proc

import "time"

// Options say which procfs and which file system to read.
type Options struct {
	Proc string // the procfs, usually /proc; empty where there is none, and nothing of it is read
	Root string // the file system whose /etc is read, usually /
	Live bool   // Proc is the running host's own procfs, not a copy or another host's
	Self int    // pid of the capture; the descriptors with which it looks are left out of its own list

	NoHash   bool      // executables and scripts are not hashed
	Environ  bool      // the values of all environment variables are kept, not of the harmless ones alone
	Deadline time.Time // what was not read until then is a gap; zero is never
}

// The limits. Each bounds what one hostile or broken place can cost; what
// lies within a limit is kept, and a gap names the rest.
const (
	// maxPIDs is PID_MAX_LIMIT of the kernel: no pid namespace holds more.
	maxPIDs = 1 << 22
	// maxFDs is how many links of one process are kept. Its count stays exact up to maxFDCount.
	maxFDs = 65_536
	// fewFDs is how many they are once half of the time is over: the usual soft limit of open files.
	fewFDs = 1024
	// maxFDText bounds what these links take together, maxMapText what the mappings do: a record of a case has its limit of 8 MiB, and whoever opens or maps
	// files of very long names many thousand times must not reach it.
	maxFDText, maxMapText = 5 << 20, 1 << 20
	// maxFDCount is the default of fs.nr_open: beyond it the listing itself becomes slow.
	maxFDCount = 1 << 20
	// maxOwners bounds the table that joins sockets with descriptors, some 40 bytes each.
	maxOwners = 1 << 22
	// maxSockets bounds the rows of all socket tables together, some 250 bytes each.
	maxSockets = 1 << 20
	// maxCmdline is the traditional size of an argument area (MAX_ARG_STRLEN of execve(2)).
	maxCmdline = 128 << 10
	// maxEnviron is as much as execve(2) lets pass in sum by default, a quarter of the stack.
	maxEnviron = 256 << 10
	// maxVariables and maxVariable bound what is kept of an environment.
	maxVariables, maxVariable = 1024, 4096
	// maxName bounds a name of which no longer one is known: of a variable, of a function of the kernel.
	maxName = 256
	// maxMaps is what half of vm.max_map_count (65,530) lines need, and maxMappings how many that matter are kept of one process.
	maxMaps, maxMappings = 4 << 20, 2048
	// maxMapQueries is vm.max_map_count, twice: no process has more mappings unless somebody raised it.
	maxMapQueries = 131_060
	// maxThreads is how many threads of one process are kept.
	maxThreads = 8192
	// maxHashed bounds an executable that is hashed: half a second of work. hashChunk is how much of it is read at once.
	maxHashed, hashChunk = 1 << 30, 256 << 10
	// hashShare is which part of the time up to the deadline hashing may take, and files that are larger than largeFile, as few programs are, half of that.
	hashShare, largeFile = 3, 64 << 20
	// maxPasses bounds the looks at a process table that does not come to rest.
	maxPasses = 4
	// maxStatText is what /proc/stat needs on a host of many CPUs and interrupts.
	maxStatText = 1 << 20
	// maxStatus leaves room for a Groups line of NGROUPS_MAX (65,536) entries.
	maxStatus = 1 << 20
	// maxText bounds the files that hold one value or one small table; the kernel writes at most a few pages into each.
	maxText = 64 << 10
	// maxNames bounds passwd, group and services: some 20,000 lines.
	maxNames = 1 << 20
	// maxEntries bounds the records kept of one such table, of the mounts and of the modules.
	maxEntries = 20_000
	// maxMountinfo is what a host with maxEntries mounts writes.
	maxMountinfo = 4 << 20
	// maxZone is many times the largest file of the time zone database.
	maxZone = 1 << 20
	// maxLogins is how many records of a file of logins are kept, the last ones: two megabytes.
	maxLogins = 5000
	// maxNamesOfHooks and maxDepthOfHooks bound what is kept of hooks in the kernel.
	maxNamesOfHooks, maxDepthOfHooks = 1000, 8
	// maxWatched is ten times what a usual host has of such files.
	maxWatched = 4000
	// maxDatabase is a database of some hundred thousand logins.
	maxDatabase = 32 << 20
	// maxLogin bounds one row of it: none of a login is that long.
	maxLogin = 64 << 10
	// maxUnits, maxUnitLines and maxUnitValue bound the unit files.
	maxUnits, maxUnitLines, maxUnitValue = 5000, 64, 4096
	// maxKeyFiles bounds small lists of files and servers.
	maxKeyFiles = 64
	// maxSpaces bounds the file systems that are asked how full they are.
	maxSpaces = 512
	// maxRuntimeFile is more than any runtime writes about its containers.
	maxRuntimeFile = 8 << 20
	// maxNetLine is twenty times the longest row that the kernel writes into a socket table.
	maxNetLine = 4 << 10
	// maxNetTable is what maxSockets rows need; a copied file beyond it was not written by a kernel.
	maxNetTable = 256 << 20
	// maxLinkText is PATH_MAX: readlink(2) gives no more for a link of procfs.
	maxLinkText = 4096
	// maxLinks is how many symbolic links one name may lead through, as in the kernel (path_resolution(7)).
	maxLinks = 40
	// maxUnixPath is the size of sun_path of unix(7), for telling the rest of a name with a newline from a torn row.
	maxUnixPath = 108
	// maxBadLines is how many bad lines of one file get a gap of their own; the others share one.
	maxBadLines = 16
	// maxDetail bounds the words of a gap: an error may quote a whole file.
	maxDetail = 256
)

// userHZ is the unit of the times in /proc/PID/stat: 100 on every
// architecture that Go runs on (time(7), sysconf(3) _SC_CLK_TCK).
const userHZ = 100
