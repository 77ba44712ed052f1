package mail_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail"
)

// ring makes a keyring of one version, told apart by its secret's byte.
func ring(t testing.TB, version uint32, b byte) *mail.Keyring {
	t.Helper()
	k, err := mail.NewKeyring(mail.Key{Version: version, Secret: bytes.Repeat([]byte{b}, 32)})
	require.NoError(t, err)
	return k
}

func TestNewKeyringRefusesWeakKeys(t *testing.T) {
	_, err := mail.NewKeyring()
	assert.Error(t, err, "no key")
	_, err = mail.NewKeyring(mail.Key{Version: 1, Secret: []byte("short")})
	assert.Error(t, err, "short secret")
	k := mail.Key{Version: 1, Secret: bytes.Repeat([]byte{1}, 32)}
	_, err = mail.NewKeyring(k, k)
	assert.Error(t, err, "doubled version")
}

func TestTokensAreAcceptedOnlyAsMade(t *testing.T) {
	ours, other := ring(t, 1, 7), ring(t, 2, 7)
	kinds := []struct {
		name   string
		make   func(k *mail.Keyring, number int64) string
		verify func(k *mail.Keyring, s string) (int64, bool)
	}{
		{"message id", func(k *mail.Keyring, n int64) string { return k.MessageID(n, "abc123", "r4nd0m", "desk.example") },
			(*mail.Keyring).VerifyMessageID},
		{"anchor", func(k *mail.Keyring, n int64) string { return k.Anchor(n, "desk.example") },
			(*mail.Keyring).VerifyAnchor},
		{"address", func(k *mail.Keyring, n int64) string {
			return k.Address("support@desk.example", n, "Ann@client.example")
		}, func(k *mail.Keyring, s string) (int64, bool) { return k.VerifyAddress(s, "ann@CLIENT.example") }},
		{"subject tag", func(k *mail.Keyring, n int64) string { return k.Tag("INC-"+digits(n), n) },
			func(k *mail.Keyring, s string) (int64, bool) {
				tags := mail.FindTag(s)
				if len(tags) != 1 {
					return 0, false
				}
				return k.VerifyTag(tags[0])
			}},
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			token := kind.make(ours, 42)
			n, ok := kind.verify(ours, token)
			assert.True(t, ok, token)
			assert.EqualValues(t, 42, n)
			for _, folded := range []string{strings.ToUpper(token), strings.ToLower(token)} {
				_, ok = kind.verify(ours, folded)
				assert.True(t, ok, "survives case folding: %s", folded)
			}
			_, ok = kind.verify(other, token)
			assert.False(t, ok, "another key version must not accept it")
			_, ok = kind.verify(ours, "")
			assert.False(t, ok, "empty")
			signed := signedPart(token)
			for i := range signed {
				bad := strings.Replace(token, signed, flip(signed, i), 1)
				_, ok = kind.verify(ours, bad)
				assert.False(t, ok, "one byte changed: %s", bad)
				_, ok = kind.verify(ours, strings.Replace(token, signed, signed[:i]+signed[i+1:], 1))
				assert.False(t, ok, "one byte missing")
			}
			_, ok = kind.verify(ours, strings.Replace(token, "42", "43", 1))
			assert.False(t, ok, "another number")
			_, ok = kind.verify(ours, strings.Replace(token, "42", "042", 1))
			assert.False(t, ok, "a number written otherwise")
		})
	}
}

func digits(n int64) string { return map[int64]string{42: "42", 43: "43", 7: "7"}[n] }

// signedPart is what the key protects: all but domain, mailbox and label.
func signedPart(token string) string {
	token = strings.Trim(token, "[]")
	token, _, _ = strings.Cut(token, "@")
	if i := strings.IndexAny(token, "+ "); i >= 0 && !strings.Contains(token, "INC") {
		token = token[i+1:]
	}
	if i := strings.LastIndex(token, " k"); i >= 0 {
		token = token[i+2:]
	}
	return token
}

func flip(s string, i int) string {
	c := byte('x')
	if s[i] == 'x' {
		c = 'y'
	}
	return s[:i] + string(c) + s[i+1:]
}

func TestAddressTokenBelongsToOneRecipient(t *testing.T) {
	k := ring(t, 1, 7)
	addr := k.Address("support@desk.example", 42, "ann@client.example")
	_, ok := k.VerifyAddress(addr, "bob@client.example")
	assert.False(t, ok)
	_, ok = k.VerifyAddress(addr, "")
	assert.False(t, ok)
	_, ok = k.VerifyAddress(strings.Replace(addr, "+", "-", 1), "ann@client.example")
	assert.True(t, ok, "servers differ in the sign before the extension")
	assert.LessOrEqual(t, strings.IndexByte(addr, '@'), 64)
	long := strings.Repeat("s", 40) + "@desk.example"
	assert.Equal(t, long, k.Address(long, 42, "ann@client.example"), "no room for a token")
}

func TestRotatedKeysAreAcceptedUntilRetired(t *testing.T) {
	old := mail.Key{Version: 1, Secret: bytes.Repeat([]byte{1}, 32)}
	fresh := mail.Key{Version: 2, Secret: bytes.Repeat([]byte{2}, 32)}
	before, _ := mail.NewKeyring(old)
	during, _ := mail.NewKeyring(fresh, old)
	after, _ := mail.NewKeyring(fresh)
	id := before.MessageID(42, "m", "r", "desk.example")
	_, ok := during.VerifyMessageID(id)
	assert.True(t, ok)
	_, ok = after.VerifyMessageID(id)
	assert.False(t, ok)
	assert.Equal(t, after.Anchor(42, "d.example"), during.Anchor(42, "d.example"), "the first key signs")
}

func TestTokensOfOnePurposeDoNotServeAnother(t *testing.T) {
	k := ring(t, 1, 7)
	_, mac, _ := strings.Cut(strings.TrimSuffix(k.Anchor(42, "d"), "@d"), ".")
	_, ok := k.VerifyAddress("support+42."+mac+"@d", "")
	assert.False(t, ok)
	_, ok = k.VerifyMessageID("42.a.b." + mac + "@d")
	assert.False(t, ok)
	assert.True(t, k.VerifyLoop(" "+k.LoopToken()))
	assert.False(t, k.VerifyLoop(""))
	assert.False(t, ring(t, 1, 8).VerifyLoop(k.LoopToken()))
}
