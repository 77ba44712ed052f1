package collections

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// minKeyLength is that of 24 random bytes in base64: less than that is a
// password, and nothing here slows a guesser down.
const minKeyLength = 32

// Key is the secret from which all sealing keys are derived.
type Key struct {
	Text   string
	Source string // where it came from, for people
}

// findKey takes the key from the environment, the named file or the file
// beside the folder. Only for a fresh folder does it make one.
func findKey(dir string, c FolderConfig, fresh bool) (Key, error) {
	if c.Key != "" {
		return checkKey(Key{Text: strings.TrimSpace(c.Key), Source: "DESKBELL_KEY"})
	}
	path := c.KeyFile
	if path == "" {
		path = dir + ".key"
	}
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && fresh:
		return makeKey(path)
	case errors.Is(err, fs.ErrNotExist):
		return Key{}, fmt.Errorf("the key file %s is missing, and the data in %s is sealed with it: put it back, or name it with --key-file or DESKBELL_KEY", path, dir)
	case err != nil:
		return Key{}, fmt.Errorf("the key file %s cannot be read (%w): give it to the account that runs deskbell", path, err)
	}
	if err := closeFile(path); err != nil {
		return Key{}, err
	}
	return checkKey(Key{Text: strings.TrimSpace(string(raw)), Source: path})
}

func checkKey(k Key) (Key, error) {
	if len(k.Text) < minKeyLength {
		return Key{}, fmt.Errorf("the key from %s has %d characters, and %d are needed: make one with: openssl rand -base64 32", k.Source, len(k.Text), minKeyLength)
	}
	return k, nil
}

// makeKey writes a new key. O_EXCL keeps it from ever replacing one.
func makeKey(path string) (Key, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return Key{}, fmt.Errorf("make a key: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString(raw)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Key{}, fmt.Errorf("the key file %s cannot be made (%w): name another place with --key-file, or give the key in DESKBELL_KEY", path, err)
	}
	_, err = f.WriteString(text + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return Key{}, fmt.Errorf("write the key file %s: %w", path, err)
	}
	return Key{Text: text, Source: path}, nil
}

// closeFile takes a key file away from other accounts if it can. A file that
// belongs to somebody else (a mounted secret) is left as it is.
func closeFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the key file %s: %w", path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		_ = os.Chmod(path, 0o600) // doctor warns if it stays open
	}
	return nil
}
