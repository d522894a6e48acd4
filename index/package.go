package index

// Package is an installed package of dpkg(1), from /var/lib/dpkg/status, or of
// rpm(8), from its database.
type Package struct {
	Name      string `json:"name"`
	Version   string `json:"version,omitzero"` // of rpm as rpm -q writes it: epoch:version-release
	Arch      string `json:"arch,omitzero"`
	State     string `json:"state,omitzero"`     // of dpkg, where it is not "install ok installed"
	Installed Time   `json:"installed,omitzero"` // of rpm, to the second; dpkg does not say
}

// Program is a file that processes of the host run, outside of containers, and
// the package that says it is its own.
type Program struct {
	Path    string `json:"path"`
	Device  string `json:"device,omitzero"`  // of the file that was found running, as FileIdentity has it
	Inode   uint64 `json:"inode,omitzero"`   // likewise; 0 where it could not be asked for
	Package string `json:"package,omitzero"` // name, with :arch where dpkg writes one; "" where no package lists it
	// MD5 is the digest that the package lists, of dpkg and of old packages of rpm; SHA256 that of others of rpm. Each is "" where there is none.
	MD5    string `json:"package_md5,omitzero"`
	SHA256 string `json:"package_sha256,omitzero"`
	// Verified says how the file at Path compares with what the package brought. It is "" where that is unknown: nothing lists a digest, the file is not the one that runs, or a Gap says why.
	Verified Verified `json:"verified,omitzero"`

	// Runs is the file that was found running under this name, for the capture alone, Sum its SHA-256; Elsewhere, that its mounts are not the host's, so that the name may mean another file.
	Runs      *FileIdentity `json:"-" cbor:"-"`
	Sum       string        `json:"-" cbor:"-"`
	Elsewhere bool          `json:"-" cbor:"-"`
}

// Verified is the outcome of a comparison with the digest of a package.
type Verified string

// The outcomes. A root user can change files and digests alike: same is no proof
// of innocence, and differs is one of a change.
const (
	VerifiedSame      Verified = "same"      // its digest is that of the package
	VerifiedDiffers   Verified = "differs"   // it is not
	VerifiedUntouched Verified = "untouched" // not computed: its inode has not changed since the package was unpacked
)

// ProgramOf returns the program that a process runs, or nil: in a container, or
// among mounts of its own, the same name may mean another file.
func (h *Host) ProgramOf(p *Process) *Program {
	for i := range h.Programs {
		one := &h.Programs[i]
		if one.Path != p.Exe || p.Container != "" {
			continue
		}
		if f := p.ExeFile; one.Inode != 0 && (f == nil || f.Inode != one.Inode || f.Device != one.Device) {
			return nil
		}
		return one
	}
	return nil
}
