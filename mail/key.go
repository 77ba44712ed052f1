package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Sizes of what a keyring makes, in characters of base32 (5 bits each).
const (
	tokenLen   = 26 // 130 bits; a reply token needs 128 (SECURITY-REQUIREMENTS C2)
	tagKeyLen  = 10 // 50 bits: read by people, and of use only to a participant; one guess costs one mail
	loopLen    = 16 // 80 bits: a wrong guess only silences the guesser's own mail
	minSecret  = 32 // bytes, the block that SHA-256 keeps whole
	localLimit = 64 // octets of a local part, RFC 5321 §4.5.3.1.1
)

// keyText spells keys in lower case, so that they survive a relay that folds
// addresses. It has no 0, 1, 8 or 9, which people mistake for letters.
var keyText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Key is one secret from which tokens are made.
type Key struct {
	Version uint32 // part of what is signed: a retired version takes its tokens along
	Secret  []byte // at least 32 random bytes
}

// Keyring makes and checks every token that proves that a mail answers ours.
// All tokens are HMAC-SHA256 over their purpose, the key's version, the number
// of the thread and what else they are bound to. Checks take constant time for
// one version and accept any case.
type Keyring struct{ keys []Key }

// NewKeyring returns a ring that signs with the first key and accepts all. The
// error says that a secret is shorter than 32 bytes or a version is doubled.
func NewKeyring(keys ...Key) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("a keyring needs a key")
	}
	seen := map[uint32]bool{}
	for _, k := range keys {
		if len(k.Secret) < minSecret {
			return nil, fmt.Errorf("secret of key version %d has %d bytes, needs %d", k.Version, len(k.Secret), minSecret)
		}
		if seen[k.Version] {
			return nil, fmt.Errorf("key version %d occurs twice", k.Version)
		}
		seen[k.Version] = true
	}
	return &Keyring{keys: append([]Key(nil), keys...)}, nil
}

// MessageID returns the id, without < >, of a mail that we send on a thread:
// number.message.random.key@domain. The same arguments give the same id, so a
// retry keeps it. message and random lose every character but letters, digits,
// - and _.
func (k *Keyring) MessageID(number int64, message, random, domain string) string {
	message, random = idWord(message), idWord(random)
	mac := k.keys[0].sign("message-id", number, message, random)[:tokenLen]
	return fmt.Sprintf("%d.%s.%s.%s@%s", number, message, random, mac, domain)
}

// VerifyMessageID returns the thread's number if id (without < >) was made by
// [Keyring.MessageID]. The domain is not signed: mailboxes move.
func (k *Keyring) VerifyMessageID(id string) (number int64, ok bool) {
	p, ok := keyedParts(id, 4)
	if !ok {
		return 0, false
	}
	return k.verify(p[0], p[3], tokenLen, "message-id", p[1], p[2])
}

// Anchor returns the id, without < >, that stands first in the References of
// every mail of a thread: number.key@domain. No mail carries it as its own.
func (k *Keyring) Anchor(number int64, domain string) string {
	return fmt.Sprintf("%d.%s@%s", number, k.keys[0].sign("anchor", number)[:tokenLen], domain)
}

// VerifyAnchor returns the thread's number if id was made by [Keyring.Anchor].
func (k *Keyring) VerifyAnchor(id string) (number int64, ok bool) {
	p, ok := keyedParts(id, 2)
	if !ok {
		return 0, false
	}
	return k.verify(p[0], p[1], tokenLen, "anchor")
}

// Address returns mailbox with a reply token for one recipient of a thread,
// as in support+42.token@example.org. It is mailbox itself if the local part
// would grow past 64 octets.
func (k *Keyring) Address(mailbox string, number int64, recipient string) string {
	local, domain, ok := cutAddress(mailbox)
	if !ok {
		return mailbox
	}
	local = fmt.Sprintf("%s+%d.%s", local, number, k.sign("address", number, Fold(recipient)))
	if len(local) > localLimit {
		return mailbox
	}
	return local + "@" + domain
}

// VerifyAddress returns the thread's number if addr ends in a token that was
// made for recipient by [Keyring.Address].
func (k *Keyring) VerifyAddress(addr, recipient string) (number int64, ok bool) {
	digits, mac, ok := addressToken(addr)
	if !ok {
		return 0, false
	}
	return k.verify(digits, mac, tokenLen, "address", Fold(recipient))
}

// Tag returns what the subject of a mail of ours holds: [label key]. label is
// the name of the thread as people write it and ends in number, as in INC-42.
func (k *Keyring) Tag(label string, number int64) string {
	return "[" + label + " k" + k.keys[0].sign("tag", number)[:tagKeyLen] + "]"
}

// VerifyTag returns the thread's number if the key of t belongs to it.
func (k *Keyring) VerifyTag(t SubjectTag) (number int64, ok bool) {
	return k.verify(strconv.FormatInt(t.Number, 10), t.Key, tagKeyLen, "tag")
}

// LoopToken is the value of X-Deskbell-Loop in automatic mail of ours.
func (k *Keyring) LoopToken() string { return k.keys[0].sign("loop", 0)[:loopLen] }

// VerifyLoop says whether token is a [Keyring.LoopToken] of this ring.
func (k *Keyring) VerifyLoop(token string) bool {
	_, ok := k.verify("0", strings.TrimSpace(token), loopLen, "loop")
	return ok
}

func (k *Keyring) sign(purpose string, number int64, parts ...string) string {
	return k.keys[0].sign(purpose, number, parts...)[:tokenLen]
}

// verify compares spelled tokens, not decoded ones: the last character of 26
// holds two bits that decoding would ignore.
func (k *Keyring) verify(digits, mac string, length int, purpose string, parts ...string) (int64, bool) {
	number, ok := threadNumber(digits)
	mac = lowerASCII(mac)
	if !ok && purpose != "loop" || len(mac) != length || k == nil {
		return 0, false
	}
	for i := range parts {
		parts[i] = lowerASCII(parts[i])
	}
	for _, key := range k.keys {
		want := key.sign(purpose, number, parts...)[:length]
		if subtle.ConstantTimeCompare([]byte(want), []byte(mac)) == 1 {
			return number, true
		}
	}
	return 0, false
}

// sign spells the MAC. Each part is written with its length, so no two lists
// of parts give the same bytes.
func (k Key) sign(purpose string, number int64, parts ...string) string {
	h := hmac.New(sha256.New, k.Secret)
	put := func(s string) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s))))
		h.Write([]byte(s))
	}
	put("deskbell mail " + purpose)
	put(strconv.FormatUint(uint64(k.Version), 10))
	put(strconv.FormatInt(number, 10))
	for _, p := range parts {
		put(p)
	}
	return keyText.EncodeToString(h.Sum(nil))
}

// keyedParts splits the local part of an id of ours into n words.
func keyedParts(id string, n int) ([]string, bool) {
	local, _, ok := cutAddress(id)
	if !ok {
		return nil, false
	}
	p := strings.Split(local, ".")
	if len(p) != n || len(p[n-1]) != tokenLen {
		return nil, false
	}
	_, ok = threadNumber(p[0])
	return p, ok
}

// addressToken finds number.token at the end of a local part, after any sign
// that a mail server may use to set off the extension (+, -, =).
func addressToken(addr string) (digits, mac string, ok bool) {
	local, _, ok := cutAddress(strings.TrimSpace(addr))
	dot := strings.LastIndexByte(local, '.')
	if !ok || dot < 1 || len(local)-dot-1 != tokenLen {
		return "", "", false
	}
	start := dot
	for start > 0 && local[start-1] >= '0' && local[start-1] <= '9' {
		start--
	}
	if start == 0 || !strings.ContainsRune("+-=_", rune(local[start-1])) {
		return "", "", false
	}
	_, ok = threadNumber(local[start:dot])
	return local[start:dot], local[dot+1:], ok
}

// threadNumber reads a number as we write it: no sign, no leading zero.
func threadNumber(digits string) (int64, bool) {
	if digits == "" || len(digits) > 18 || digits[0] < '1' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// cutAddress splits at the last @; both sides must be there.
func cutAddress(addr string) (local, domain string, ok bool) {
	at := strings.LastIndexByte(addr, '@')
	if at < 1 || at == len(addr)-1 {
		return "", "", false
	}
	return addr[:at], addr[at+1:], true
}

// idWord keeps what is safe in the local part of an id and does not change
// when the id is folded.
func idWord(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return -1
	}, lowerASCII(s))
	if s == "" {
		return "0"
	}
	return s
}

// lowerASCII folds ASCII letters only: the Kelvin sign must not become a k.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
