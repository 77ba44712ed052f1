package collections

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// sealPrefix begins every sealed value and names the version of key and form.
const sealPrefix = "deskbell:k1:"

// ErrSealed says that a sealed value does not open: it was changed, belongs
// to another record or field, or was sealed with another key.
var ErrSealed = errors.New("the sealed value does not open with this key")

// Place is the field of a record to which a sealed value belongs. A value
// that is copied elsewhere does not open.
type Place struct{ Collection, Record, Field string }

func (p Place) bytes() []byte {
	return []byte(p.Collection + "\x00" + p.Record + "\x00" + p.Field)
}

// Sealer seals secrets at rest with AES-256-GCM and derives keys for other
// purposes from the same root.
type Sealer struct {
	root []byte
	aead cipher.AEAD
}

// NewSealer returns a sealer on key, which must have 32 characters or more.
func NewSealer(key string) (*Sealer, error) {
	k, err := checkKey(Key{Text: key, Source: "the caller"})
	if err != nil {
		return nil, err
	}
	return newSealer(k)
}

func newSealer(k Key) (*Sealer, error) {
	root, err := hkdf.Extract(sha256.New, []byte(k.Text), []byte("deskbell root v1"))
	if err != nil {
		return nil, fmt.Errorf("derive the root key: %w", err)
	}
	s := &Sealer{root: root}
	block, err := aes.NewCipher(s.Derive("seal"))
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	return s, nil
}

// Derive returns the 32-byte key of one purpose ("mail", "images", …). Keys
// of different purposes say nothing about each other.
func (s *Sealer) Derive(purpose string) []byte {
	key, err := hkdf.Expand(sha256.New, s.root, "deskbell "+purpose+" v1", 32)
	if err != nil {
		panic("collections: hkdf refuses 32 bytes: " + err.Error()) // it allows 255·32
	}
	return key
}

// Seal returns secret in a form that only [Sealer.Open] at the same place
// reads. "" stays "".
func (s *Sealer) Seal(at Place, secret string) (string, error) {
	if secret == "" {
		return "", nil
	}
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("seal %s.%s: %w", at.Collection, at.Field, err)
	}
	sealed := s.aead.Seal(nonce, nonce, []byte(secret), at.bytes())
	return sealPrefix + base64.RawStdEncoding.EncodeToString(sealed), nil
}

// Open returns the secret that was sealed at the place. The error is
// [ErrSealed].
func (s *Sealer) Open(at Place, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	text, ok := strings.CutPrefix(sealed, sealPrefix)
	if !ok {
		return "", fmt.Errorf("open %s.%s: %w", at.Collection, at.Field, ErrSealed)
	}
	raw, err := base64.RawStdEncoding.DecodeString(text)
	n := s.aead.NonceSize()
	if err != nil || len(raw) < n {
		return "", fmt.Errorf("open %s.%s: %w", at.Collection, at.Field, ErrSealed)
	}
	secret, err := s.aead.Open(nil, raw[:n], raw[n:], at.bytes())
	if err != nil {
		return "", fmt.Errorf("open %s.%s: %w", at.Collection, at.Field, ErrSealed)
	}
	return string(secret), nil
}

// IsSealed says whether a stored value has the form that [Sealer.Seal] gives.
func IsSealed(value string) bool { return strings.HasPrefix(value, sealPrefix) }

// check is a fingerprint that reveals nothing of the key.
func (s *Sealer) check() string { return hex.EncodeToString(s.Derive("check")[:16]) }

// settingsKey has the 32 characters that PocketBase wants.
func (s *Sealer) settingsKey() string {
	return hex.EncodeToString(s.Derive("pocketbase settings"))[:32]
}
