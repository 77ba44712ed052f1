package collections

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"sync"
	"time"
)

// SetupCodeLife is how long a code of the first run works.
//
// Source: SECURITY-REQUIREMENTS.md F6
const SetupCodeLife = 15 * time.Minute

// setupTries is how many wrong codes are taken before the code is void
// (chosen: enough for typing errors; the code has 60 bits).
const setupTries = 5

// SetupCode is the one-time code that proves that whoever makes the first
// administrator can read the terminal of the server. It is kept in memory
// only. The zero value refuses every code.
type SetupCode struct {
	mu    sync.Mutex
	code  string
	until time.Time
	tries int
}

// NewSetupCode returns a holder without a code.
func NewSetupCode() *SetupCode { return &SetupCode{} }

// Issue makes a new code, which replaces the one before, and returns it in
// the form XXXX-XXXX-XXXX.
func (s *SetupCode) Issue(now time.Time) string {
	raw := make([]byte, 10)
	if _, err := rand.Read(raw); err != nil {
		panic("collections: no randomness: " + err.Error()) // crypto/rand does not fail on Linux
	}
	text := base32.StdEncoding.EncodeToString(raw)[:12]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.until, s.tries = text, now.Add(SetupCodeLife), 0
	return text[:4] + "-" + text[4:8] + "-" + text[8:]
}

// Take checks a code and, if it is right, uses it up. Blanks, dashes and case
// do not count.
func (s *SetupCode) Take(given string, now time.Time) bool {
	folded := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(given))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.code == "" || now.After(s.until) || s.tries >= setupTries {
		return false
	}
	if subtle.ConstantTimeCompare([]byte(folded), []byte(s.code)) != 1 {
		s.tries++
		return false
	}
	s.code = ""
	return true
}

// Open says whether a code could still be taken.
func (s *SetupCode) Open(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code != "" && !now.After(s.until) && s.tries < setupTries
}
