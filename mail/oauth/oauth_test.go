package oauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail/link"
	"github.com/deskbell/deskbell/mail/oauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// provider is a token endpoint that keeps the forms it was sent.
type provider struct {
	mu     sync.Mutex
	forms  []url.Values
	status int
	answer func(n int) string
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.forms = append(p.forms, r.PostForm)
	if p.status != 0 {
		w.WriteHeader(p.status)
	}
	fmt.Fprint(w, p.answer(len(p.forms)))
}

func serve(t *testing.T, p *provider) string {
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return server.URL + "/token"
}

func TestSourceKeepsATokenUntilShortlyBeforeItExpires(t *testing.T) {
	p := &provider{answer: func(n int) string { return fmt.Sprintf(`{"access_token":"t%d","expires_in":"3600"}`, n) }}
	now := time.Unix(1_000_000, 0)
	source := oauth.New(oauth.Config{TokenURL: serve(t, p), ClientID: "id", ClientSecret: "s", Scope: "a b", RefreshToken: "r"},
		oauth.WithClock(func() time.Time { return now }))
	get := func() string {
		token, err := source.Token(context.Background())
		require.NoError(t, err)
		return token
	}
	assert.Equal(t, "t1", get())
	now = now.Add(57 * time.Minute)
	assert.Equal(t, "t1", get())
	now = now.Add(2 * time.Minute)
	assert.Equal(t, "t2", get())
	source.Invalidate()
	assert.Equal(t, "t3", get())
	want := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"r"}, "client_id": {"id"}, "client_secret": {"s"}, "scope": {"a b"}}
	assert.Equal(t, want, p.forms[0])
}

func TestSourceReportsARotatedRefreshToken(t *testing.T) {
	p := &provider{answer: func(n int) string {
		return fmt.Sprintf(`{"access_token":"t","expires_in":60,"refresh_token":"r%d"}`, n)
	}}
	var rotated []string
	source := oauth.New(oauth.Config{TokenURL: serve(t, p), ClientID: "id", RefreshToken: "r0"},
		oauth.OnRotate(func(r string) { rotated = append(rotated, r) }))
	for range 2 {
		source.Invalidate()
		_, err := source.Token(context.Background())
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"r1", "r2"}, rotated)
	assert.Equal(t, "r1", p.forms[1].Get("refresh_token"))
}

func TestSourceUsesClientCredentialsWithoutARefreshToken(t *testing.T) {
	p := &provider{answer: func(int) string { return `{"access_token":"t","expires_in":60}` }}
	source := oauth.New(oauth.Config{TokenURL: serve(t, p), ClientID: "id", ClientSecret: "s"})
	_, err := source.Token(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "client_credentials", p.forms[0].Get("grant_type"))
}

func TestSourceSaysWhyThereIsNoToken(t *testing.T) {
	for _, tt := range []struct {
		name      string
		status    int
		answer    string
		want      string
		temporary bool
	}{
		{"the grant was withdrawn", 400, `{"error":"invalid_grant","error_description":"AADSTS70000"}`, "invalid_grant", false},
		{"the secret is wrong", 401, `{"error":"invalid_client"}`, "invalid_client", false},
		{"the provider invents a code", 400, `{"error":"consent\nmissing"}`, "token_denied", false},
		{"the provider is down", 503, `<html>`, "token_server_failing", true},
		{"the page is not a token endpoint", 200, `<html>`, "token_answer_unreadable", false},
		{"the answer is a redirect", 302, ``, "token_answer_unreadable", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &provider{status: tt.status, answer: func(int) string { return tt.answer }}
			source := oauth.New(oauth.Config{TokenURL: serve(t, p), ClientID: "id", RefreshToken: "r"})
			_, err := source.Token(context.Background())
			require.Error(t, err)
			trouble := link.AsTrouble(err)
			assert.Equal(t, tt.want, trouble.Code)
			assert.Equal(t, tt.temporary, trouble.Temporary)
			assert.NotEmpty(t, trouble.Cause)
			assert.NotEmpty(t, trouble.Cure)
		})
	}
}

func TestSourceSendsNoSecretInTheClear(t *testing.T) {
	for _, address := range []string{"http://login.example.com/token", "ftp://x", "", "://"} {
		_, err := oauth.New(oauth.Config{TokenURL: address}).Token(context.Background())
		require.Error(t, err)
		assert.Equal(t, "token_url_invalid", link.AsTrouble(err).Code, address)
	}
}

func TestSourceStopsWithItsContext(t *testing.T) {
	gate := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gate }))
	defer server.Close()
	defer close(gate)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := oauth.New(oauth.Config{TokenURL: server.URL, RefreshToken: "r"}).Token(ctx)
	assert.Equal(t, "token_server_unreachable", link.AsTrouble(err).Code)
}
