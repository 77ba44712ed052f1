// Package fetch reaches web addresses that people of the outside named: the
// images of a mail, webhooks, imports. It never reaches into the network in
// which the desk stands. Every outgoing HTTP request of the desk goes through
// it.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Errors of a [Client].
var (
	// ErrForbidden says that the address is, or leads to, one that may not be
	// reached.
	ErrForbidden = errors.New("this address may not be reached")
	// ErrTooLarge says that the answer is larger than the limit.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrRedirect says that the server points elsewhere; nobody goes there.
	ErrRedirect = errors.New("the server redirects")
)

// Limits bound one request.
type Limits struct {
	Bytes int64         // of the answer's body
	Time  time.Duration // from the look-up of the name to the last byte
}

// headerBytes bounds the header of an answer (chosen).
const headerBytes = 64 << 10

// Client makes requests. It keeps no connection, no cookie and no cache.
type Client struct {
	limits Limits
	http   *http.Client
}

// New returns a client. allow lists networks that may be reached although
// they are not public.
func New(l Limits, allow ...netip.Prefix) *Client {
	dialer := &net.Dialer{Timeout: l.Time, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return checkDialled(address, allow)
	}}
	transport := &http.Transport{
		Proxy:                  nil, // a proxy would dial for us, past the check
		DialContext:            dialer.DialContext,
		DisableKeepAlives:      true, // each request passes the check
		DisableCompression:     true, // the limit counts what arrives
		MaxResponseHeaderBytes: headerBytes,
	}
	return &Client{limits: l, http: &http.Client{
		Transport:     transport,
		Timeout:       l.Time,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Answer is what a server said.
type Answer struct {
	Status int
	Type   string // as declared
	Body   []byte
}

// Get fetches an address.
func (c *Client) Get(ctx context.Context, address string) (*Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	return c.Do(req)
}

// Do makes a request. The error is one of this package's for what it
// refuses; an answer of any status but a redirect is none.
func (c *Client) Do(req *http.Request) (*Answer, error) {
	if err := checkURL(req.URL); err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "Deskbell")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	defer res.Body.Close() // read only
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		return nil, ErrRedirect
	}
	if res.ContentLength > c.limits.Bytes {
		return nil, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, c.limits.Bytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetch: %w", err)
	case int64(len(body)) > c.limits.Bytes:
		return nil, ErrTooLarge
	}
	return &Answer{Status: res.StatusCode, Type: res.Header.Get("Content-Type"), Body: body}, nil
}

// checkURL refuses what need not even be looked up.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: the scheme is not http or https", ErrForbidden)
	case u.User != nil:
		return fmt.Errorf("%w: it holds a name or a password", ErrForbidden)
	case u.Hostname() == "":
		return fmt.Errorf("%w: it names no host", ErrForbidden)
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil && endsInNumber(u.Hostname()) {
		return fmt.Errorf("%w: the host is a number in disguise", ErrForbidden)
	}
	return nil
}

// checkDialled decides on the address that is about to be connected to, after
// the name was looked up: a name that changes its address in between gains
// nothing.
func checkDialled(address string, allow []netip.Prefix) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	for _, p := range allow {
		if p.Contains(ap.Addr().Unmap().WithZone("")) {
			return nil
		}
	}
	if !Public(ap.Addr()) {
		return ErrForbidden
	}
	return nil
}
