package logs

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

const (
	// maxUnpacked bounds what one compressed file may become: a bomb of 47 MB makes 10 GiB of zeros.
	maxUnpacked = 10 << 30
	// maxRatio bounds how much larger than its file a text may be, once it is larger than freeRatio; real logs reach a few hundred.
	maxRatio  = 1000
	freeRatio = 64 << 20
	// maxHole is how far into a file of NULs text is looked for.
	maxHole = 256 << 20
	// headSize is how much of a file is looked at to tell what it is.
	headSize = 64 << 10
)

// opened is one log, opened and looked at.
type opened struct {
	path   string
	from   int64 // where in the text reading begins
	file   *os.File
	stat   os.FileInfo
	gzip   bool
	fileID hash.Hash // over the file's own bytes, where it is compressed
	text   *limitedText
	// The first bytes of the file and the mark of its last ones, from before its text was read.
	first []byte
	tail  []byte
}

var (
	errBinary      = errors.New("not text")
	errCompression = errors.New("compressed in a way that is not read")
)

// open opens the log at name such that nothing hangs and no link or device is
// followed, and stops at the size that the file has now.
func (f *Finder) open(name string) (*opened, error) {
	file, err := f.openRegular(name)
	if err != nil {
		return nil, err
	}
	st, err := file.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("not a regular file: %w", errors.ErrUnsupported)
	}
	if err != nil {
		file.Close()
		return nil, cause(err)
	}
	o := &opened{path: name, file: file, stat: st}
	if err := o.begin(); err != nil {
		file.Close()
		return nil, err
	}
	return o, nil
}

// openRegular lets the kernel refuse every link on the way, also one that was
// put in the place of a directory a moment ago (openat2(2), Linux 5.6). An
// older kernel checks the last name alone.
func (f *Finder) openRegular(name string) (*os.File, error) {
	const flags = os.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY
	how := unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC), Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_BENEATH}
	fd, err := unix.Openat2(int(f.dir.Fd()), relative(name), &how)
	switch {
	case err == nil:
		return os.NewFile(uintptr(fd), name), nil
	case errors.Is(err, unix.ELOOP):
		return nil, fmt.Errorf("symbolic link: not followed: %w", errors.ErrUnsupported)
	case !errors.Is(err, unix.ENOSYS):
		return nil, err
	}
	before, err := f.root.Lstat(relative(name))
	if err != nil {
		return nil, cause(err)
	}
	file, err := f.root.OpenFile(relative(name), flags|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, cause(err)
	}
	if st, err := file.Stat(); err != nil || !os.SameFile(before, st) {
		file.Close()
		return nil, fmt.Errorf("another file came in its place: %w", errors.ErrUnsupported)
	}
	return file, nil
}

// begin starts reading: from the first byte, or where the case already holds
// what comes before.
func (o *opened) begin() error {
	if err := o.rewind(); err != nil {
		return err
	}
	if o.from == 0 {
		return nil
	}
	if !o.gzip {
		if _, err := o.file.Seek(o.from, io.SeekStart); err != nil {
			return cause(err)
		}
		o.text = &limitedText{r: o.buffered(o.stat.Size() - o.from), limit: -1}
		return nil
	}
	_, err := io.CopyN(io.Discard, o.text, o.from)
	return err
}

// rewind starts reading from the first byte.
func (o *opened) rewind() error {
	if _, err := o.file.Seek(0, io.SeekStart); err != nil {
		return cause(err)
	}
	raw := o.buffered(o.stat.Size())
	magic, err := raw.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return cause(err)
	}
	o.text = &limitedText{r: raw, limit: -1}
	if o.gzip = bytes.HasPrefix(magic, []byte{0x1f, 0x8b}); o.gzip {
		o.fileID = sha256.New()
		packed := bufio.NewReaderSize(io.TeeReader(raw, o.fileID), 64<<10)
		z, err := gzip.NewReader(packed)
		if err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
		o.text = &limitedText{r: z, rest: packed, limit: min(maxUnpacked, max(freeRatio, o.stat.Size()*maxRatio))}
	}
	for _, m := range [...]string{"\xfd7zXZ", "BZh", "\x28\xb5\x2f\xfd", "PK\x03\x04", "\x04\x22\x4d\x18"} {
		if bytes.HasPrefix(magic, []byte(m)) {
			return errCompression
		}
	}
	return nil
}

// buffered reads the next n bytes of the file. Of ten thousand small logs most
// of the work would be to make room for large ones. Whoever reads a piece of one
// reads past the buffer.
func (o *opened) buffered(n int64) *bufio.Reader {
	return bufio.NewReaderSize(io.LimitReader(&cachedFile{file: o.file}, n), int(min(n, pieceSize/4)))
}

// head returns the first bytes of the whole text and begins anew.
func (o *opened) head() ([]byte, error) {
	if err := o.rewind(); err != nil {
		return nil, err
	}
	head, err := headOf(o.text)
	if err != nil {
		return nil, err
	}
	if binary(path.Base(o.path), head) {
		return nil, errBinary
	}
	return bytes.TrimLeft(head, "\x00"), o.begin()
}

// headOf reads the first bytes of a text that say something.
func headOf(text io.Reader) ([]byte, error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(text, head)
	head = head[:n]
	// A log that was truncated under its writer begins with a hole.
	for hole := 0; n == headSize && err == nil && hole < maxHole && len(bytes.Trim(head, "\x00")) == 0; hole += n {
		n, err = io.ReadFull(text, head)
		head = head[:n]
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && n == 0 {
		return nil, err
	}
	return head, nil
}

// binary reports whether the file is a table of login records or a journal by
// its name, or more than one byte in twenty of its first text is a control
// character. Of random bytes one in ten is; a log has some where somebody sent
// them. A hole of NULs before the text is what a truncated log looks like.
func binary(base string, head []byte) bool {
	for _, known := range [...]string{"wtmp", "btmp", "lastlog", "faillog", "tallylog"} {
		if base == known || strings.HasPrefix(base, known+".") || strings.HasPrefix(base, known+"-") {
			return true
		}
	}
	if strings.HasSuffix(base, ".journal") || strings.HasSuffix(base, ".journal~") {
		return true
	}
	head = bytes.TrimLeft(head, "\x00")
	controls := 0
	for _, c := range head {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\x1b' || c == 0x7f {
			controls++
		}
	}
	return controls*20 > len(head)
}

// source describes the file as it was opened.
func (o *opened) source() index.Source {
	s := index.Source{Path: o.path, Size: o.stat.Size(), Mtime: index.TimeOf(o.stat.ModTime())}
	if st, ok := o.stat.Sys().(*syscall.Stat_t); ok {
		s.Device, s.Inode = uint64(st.Dev), st.Ino
	}
	return s
}

// end completes what is known only once all was read, and reports what went
// wrong on the way.
func (o *opened) end(s *index.Source, readErr error) *index.Gap {
	gap := func(r index.Reason, detail string) *index.Gap {
		return &index.Gap{Area: "log", Place: o.path, Reason: r, Detail: detail, Count: 1}
	}
	if o.gzip {
		s.Compression = "gzip"
		if _, err := io.Copy(io.Discard, o.text.rest); err == nil {
			s.FileSHA256 = hex.EncodeToString(o.fileID.Sum(nil))
		}
	}
	kept := fmt.Sprintf("the first %d bytes were kept", s.End())
	switch {
	case errors.Is(readErr, errTooLarge):
		return gap(index.ReasonTooLarge, fmt.Sprintf("%v: %s", readErr, kept))
	case readErr != nil && o.gzip:
		return gap(index.ReasonTorn, fmt.Sprintf("gzip: %v: %s", readErr, kept))
	case readErr != nil:
		return gap(index.ReasonIO, fmt.Sprintf("%v: %s", cause(readErr), kept))
	case !o.gzip && s.End() < s.Size:
		return gap(index.ReasonChanged, fmt.Sprintf("it had %d bytes when it was opened and was cut while it was read: %s", s.Size, kept))
	case !bytes.Equal(o.headMark(int64(len(o.first))), index.Mark(o.first)):
		return gap(index.ReasonChanged, "it was written anew while it was read: the text may be of both: "+kept)
	}
	return nil
}

var errTooLarge = errors.New("more text than a file of its size may hold")

// limitedText reads up to limit bytes; -1 is no limit.
type limitedText struct {
	r     io.Reader
	rest  io.Reader // what lies behind a compressed text
	limit int64
	n     int64
}

func (l *limitedText) Read(p []byte) (int, error) {
	if l.limit >= 0 && l.n >= l.limit {
		return 0, errTooLarge
	}
	if l.limit >= 0 {
		p = p[:min(int64(len(p)), l.limit-l.n)]
	}
	n, err := l.r.Read(p)
	l.n += int64(n)
	return n, err
}
