package fetch_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/notify/fetch"
)

var bounds = fetch.Limits{Bytes: 1000, Time: 5 * time.Second}

// inside is a server in the desk's own network that counts its visitors.
func inside(t *testing.T, handler http.HandlerFunc) (url, port string, hits *atomic.Int64) {
	t.Helper()
	hits = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if handler != nil {
			handler(w, r)
		}
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	return s.URL, port, hits
}

func TestNothingInsideIsReached(t *testing.T) {
	_, port, hits := inside(t, nil)
	client := fetch.New(bounds)
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.0.0.2", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]",
		"2130706433", "0x7f000001", "0x7F.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "127.0.0.1.", "0", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
		"[fe80::1%25lo]",
	} {
		_, err := client.Get(t.Context(), "http://"+host+":"+port+"/")
		require.Error(t, err, host)
		assert.ErrorIs(t, err, fetch.ErrForbidden, host)
	}
	assert.Zero(t, hits.Load())
}

func TestOddAddressesAreRefused(t *testing.T) {
	_, port, hits := inside(t, nil)
	client := fetch.New(bounds, netip.MustParsePrefix("127.0.0.0/8"))
	for _, address := range []string{
		"file:///etc/passwd", "gopher://127.0.0.1:" + port, "ftp://127.0.0.1", "//127.0.0.1:" + port, "http://", "http:///x",
		"http://name:password@127.0.0.1:" + port, "http://127.0.0.1:" + port + "\r\nX: y/",
	} {
		_, err := client.Get(t.Context(), address)
		assert.ErrorIs(t, err, fetch.ErrForbidden, address)
	}
	assert.Zero(t, hits.Load())
}

func TestARedirectIsNotFollowed(t *testing.T) {
	target, _, hits := inside(t, nil)
	url, _, first := inside(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, http.StatusFound) })
	_, err := fetch.New(bounds, netip.MustParsePrefix("127.0.0.1/32")).Get(t.Context(), url)
	assert.ErrorIs(t, err, fetch.ErrRedirect)
	assert.Equal(t, int64(1), first.Load())
	assert.Zero(t, hits.Load())
}

func TestAllowedNetworksAreReached(t *testing.T) {
	url, port, _ := inside(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write([]byte("picture"))
	})
	client := fetch.New(bounds, netip.MustParsePrefix("127.0.0.1/32"))
	answer, err := client.Get(t.Context(), url)
	require.NoError(t, err)
	assert.Equal(t, fetch.Answer{Status: 200, Type: "image/png", Body: []byte("picture")}, *answer)
	_, err = client.Get(t.Context(), "http://127.0.0.2:"+port)
	assert.ErrorIs(t, err, fetch.ErrForbidden, "its neighbour")
}

func TestLargeAndSlowAnswersEnd(t *testing.T) {
	open := netip.MustParsePrefix("127.0.0.1/32")
	url, _, _ := inside(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			_, _ = w.Write(make([]byte, 100))
			w.(http.Flusher).Flush() // no length is announced
		}
	})
	_, err := fetch.New(bounds, open).Get(t.Context(), url)
	assert.ErrorIs(t, err, fetch.ErrTooLarge)

	done := make(chan struct{})
	slow, _, _ := inside(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-done
	})
	defer close(done)
	_, err = fetch.New(fetch.Limits{Bytes: 1000, Time: 50 * time.Millisecond}, open).Get(t.Context(), slow)
	assert.Error(t, err)
}

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "172.15.255.255": true, "172.32.0.0": true, "100.63.255.255": true, "100.128.0.0": true, "223.255.255.255": true,
		"2606:4700::1111": true, "2a00:1450::1": true, "2001:4860::8888": true,
		"10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"127.255.255.255": false, "0.0.0.0": false, "0.1.2.3": false, "224.0.0.1": false, "239.255.255.255": false, "240.0.0.1": false, "255.255.255.255": false,
		"192.0.0.8": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false, "192.88.99.1": false,
		"::": false, "::1": false, "::ffff:8.8.8.8": false, "::8.8.8.8": false, "64:ff9b::808:808": false, "64:ff9b:1::1": false, "2002:808:808::": false,
		"2001:0:808:808::": false, "2001:db8::1": false, "3fff::1": false, "fc00::1": false, "fd12::1": false, "fe80::1": false, "fec0::1": false, "ff02::1": false,
		"2606:4700::5efe:a00:1": false, "2606:4700::200:5efe:a00:1": false, "100::1": false, "2001:20::1": false,
	} {
		assert.Equal(t, want, fetch.Public(netip.MustParseAddr(text)), text)
	}
	assert.False(t, fetch.Public(netip.Addr{}))
}
