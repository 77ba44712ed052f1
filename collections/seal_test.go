package collections_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

func TestASealedSecretOpensAtItsPlaceOnly(t *testing.T) {
	s, err := collections.NewSealer(testKey)
	require.NoError(t, err)
	at := collections.Place{Collection: "mailboxes", Record: "m1", Field: "imap_password"}
	sealed, err := s.Seal(at, "geheim")
	require.NoError(t, err)
	assert.True(t, collections.IsSealed(sealed))
	assert.NotContains(t, sealed, "geheim")

	open, err := s.Open(at, sealed)
	require.NoError(t, err)
	assert.Equal(t, "geheim", open)

	other, err := collections.NewSealer(strings.ToUpper(testKey))
	require.NoError(t, err)
	for name, try := range map[string]func() (string, error){
		"another record":  func() (string, error) { p := at; p.Record = "m2"; return s.Open(p, sealed) },
		"another field":   func() (string, error) { p := at; p.Field = "smtp_password"; return s.Open(p, sealed) },
		"another key":     func() (string, error) { return other.Open(at, sealed) },
		"a changed byte":  func() (string, error) { return s.Open(at, sealed[:len(sealed)-2]+"AA") },
		"not sealed text": func() (string, error) { return s.Open(at, "geheim") },
		"cut short":       func() (string, error) { return s.Open(at, sealed[:14]) },
	} {
		_, err := try()
		require.ErrorIs(t, err, collections.ErrSealed, name)
	}
}

func TestSealingTwiceDiffersAndPurposesDiffer(t *testing.T) {
	s, err := collections.NewSealer(testKey)
	require.NoError(t, err)
	a, err := s.Seal(collections.Place{}, "x")
	require.NoError(t, err)
	b, err := s.Seal(collections.Place{}, "x")
	require.NoError(t, err)
	assert.NotEqual(t, a, b)
	assert.NotEqual(t, s.Derive("mail"), s.Derive("images"))
	assert.Len(t, s.Derive("mail"), 32)
	empty, err := s.Seal(collections.Place{}, "")
	require.NoError(t, err)
	assert.Empty(t, empty)
}
