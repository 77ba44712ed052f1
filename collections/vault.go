package collections

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail"
)

// Vault keeps raw mails by their SHA-256 below one folder. It implements
// [mail.Vault]. A file that is there is complete and synced.
type Vault struct {
	dir  string
	room func() error
}

// NewVault returns the vault in a data folder. room says why nothing may be
// stored now, such as too little free space; nil for no such check.
func NewVault(dataDir string, room func() error) *Vault {
	return &Vault{dir: filepath.Join(dataDir, "mails"), room: room}
}

// Path is where the raw mail with a hash lies, whether it is there or not.
func (v *Vault) Path(sha256 string) string {
	if len(sha256) < 4 {
		return filepath.Join(v.dir, "none")
	}
	return filepath.Join(v.dir, sha256[:2], sha256[2:4], sha256+".eml")
}

// Open opens a raw mail for reading.
func (v *Vault) Open(sha256 string) (*os.File, error) { return os.Open(v.Path(sha256)) }

// Put implements [mail.Vault]: it writes to a temporary file, syncs it, gives
// it its name and syncs the folder.
func (v *Vault) Put(ctx context.Context, r io.Reader) (mail.Stored, error) {
	if v.room != nil {
		if err := v.room(); err != nil {
			return mail.Stored{}, err
		}
	}
	f, err := v.Temp()
	if err != nil {
		return mail.Stored{}, fmt.Errorf("store raw mail: %w", err)
	}
	defer os.Remove(f.Name()) // gone already once it has its name
	stored, err := v.write(ctx, f, r)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return mail.Stored{}, fmt.Errorf("store raw mail: %w", err)
	}
	if err := v.name(f.Name(), stored.SHA256); err != nil {
		return mail.Stored{}, fmt.Errorf("store raw mail: %w", err)
	}
	return stored, nil
}

// Temp makes a file that is meant to be removed soon. One that a crash leaves
// behind goes with the next [Vault.Sweep].
func (v *Vault) Temp() (*os.File, error) {
	tmp := filepath.Join(v.dir, "tmp")
	if err := makeSynced(tmp, filepath.Dir(v.dir)); err != nil {
		return nil, err
	}
	return os.CreateTemp(tmp, "in-*")
}

func (v *Vault) write(ctx context.Context, f *os.File, r io.Reader) (mail.Stored, error) {
	digest := mail.NewDigest()
	buf := make([]byte, 128<<10) // chosen: a few system calls a mail, little memory
	if _, err := io.CopyBuffer(io.MultiWriter(f, digest), readUntil(ctx, r), buf); err != nil {
		return mail.Stored{}, err
	}
	if err := faults.At(faults.F05); err != nil {
		return mail.Stored{}, err
	}
	if err := f.Sync(); err != nil {
		return mail.Stored{}, err
	}
	return digest.Sum(), faults.At(faults.F06)
}

// name moves a written file to its place. The same mail may lie there: the
// content is equal, so either may stay.
func (v *Vault) name(from, sha256 string) error {
	to := v.Path(sha256)
	if err := makeSynced(filepath.Dir(to), filepath.Dir(v.dir)); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// makeSynced makes a folder below root. A new folder is synced into its
// parent: else a power cut could take it, and all that it holds, away.
func makeSynced(dir, root string) error {
	if dir == root || exists(dir) {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := makeSynced(parent, root); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// Sweep removes what an interrupted Put left behind. Call it before the
// first Put.
func (v *Vault) Sweep() error { return os.RemoveAll(filepath.Join(v.dir, "tmp")) }

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// readUntil ends a copy when ctx ends.
func readUntil(ctx context.Context, r io.Reader) io.Reader { return contextReader{ctx, r} }

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Full says whether nothing may be stored now.
func (v *Vault) Full() bool { return v.room != nil && v.room() != nil }
