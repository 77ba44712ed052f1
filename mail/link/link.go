// Package link reaches a mail server and signs in to it: names, TCP, TLS and
// the choice of a sign-in method. IMAP and SMTP share it, so that the same
// trouble has the same code, cause and cure on both sides.
package link

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"time"
)

// Security says how a connection is protected.
type Security string

// The ways of protection. There is no "TLS if offered": that could be
// downgraded silently by whoever sits between.
const (
	TLS      Security = "tls"      // TLS from the first byte
	STARTTLS Security = "starttls" // TLS before anything secret, or an error
	None     Security = "none"     // no TLS; refused unless the server is on loopback
)

// Server is the address of a mail server and the way to protect the talk.
type Server struct {
	Host     string
	Port     int
	Security Security
	CA       string        // PEM of authorities trusted besides the system's, "" for none
	Timeout  time.Duration // for name and connection together, and again for TLS; 0 is 20 s
}

// defaultTimeout keeps the notice of a dead server far below the 90 s that
// MAIL.md §9 allows; chosen.
const defaultTimeout = 20 * time.Second

// keepAlive lets the kernel find a dead peer under an idle connection.
// Source: MAIL.md §6 trap 4.
const keepAlive = 30 * time.Second

func (s Server) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return defaultTimeout
}

// Address returns host:port as a dialler wants it.
func (s Server) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// Connect finds the name and opens a TCP connection, without TLS. With [None]
// it refuses a server that is not on this machine before a byte is sent. The
// error is a [*Trouble].
func (s Server) Connect(ctx context.Context) (net.Conn, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	dialer := net.Dialer{KeepAlive: keepAlive}
	conn, err := dialer.DialContext(ctx, "tcp", s.Address())
	if err != nil {
		return nil, s.dialTrouble(err)
	}
	if s.Security == None && !loopback(conn.RemoteAddr()) {
		conn.Close()
		return nil, &Trouble{
			Code:  "plaintext_not_loopback",
			Cause: "A connection without TLS is allowed only to this machine itself, and " + s.Host + " is another one.",
			Cure:  "Choose TLS or STARTTLS.",
		}
	}
	return conn, nil
}

// check finds settings that cannot work.
func (s Server) check() error {
	switch {
	case s.Host == "":
		return &Trouble{Code: "host_empty", Cause: "No server name is given.", Cure: "Enter the name of the mail server."}
	case s.Port < 1 || s.Port > 65535:
		return &Trouble{Code: "port_invalid", Cause: "The port is not between 1 and 65535.", Cure: "Usual are 993 (IMAP, TLS), 143 (IMAP, STARTTLS), 465 (SMTP, TLS), 587 (SMTP, STARTTLS)."}
	case s.Security != TLS && s.Security != STARTTLS && s.Security != None:
		return &Trouble{Code: "security_invalid", Cause: "The protection is none of tls, starttls and none.", Cure: "Choose TLS if the server has it."}
	}
	return nil
}

func loopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// TLSConfig returns settings that verify the server's certificate for its
// name, by the system's authorities and s.CA. The error is a [*Trouble].
func (s Server) TLSConfig() (*tls.Config, error) {
	cfg := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.CA == "" {
		return cfg, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM([]byte(s.CA)) {
		return nil, &Trouble{
			Code:  "ca_unreadable",
			Cause: "The certificate of the authority is not in PEM form.",
			Cure:  "Paste the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.",
		}
	}
	cfg.RootCAs = pool
	return cfg, nil
}

// Secure starts TLS on conn and verifies the certificate. On error, a
// [*Trouble], conn is closed.
func (s Server) Secure(ctx context.Context, conn net.Conn) (*tls.Conn, error) {
	cfg, err := s.TLSConfig()
	if err != nil {
		conn.Close()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, s.TLSTrouble(err)
	}
	return secured, nil
}

func (s Server) dialTrouble(err error) *Trouble {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return &Trouble{Code: "name_not_found", Cause: "There is no server with the name " + s.Host + ".", Cure: "Check the spelling of the server name.", Err: err}
	case errors.As(err, &dns):
		return &Trouble{Code: "name_lookup_failed", Cause: "The name " + s.Host + " could not be looked up.", Cure: "Check the network and the name server of this machine.", Temporary: true, Err: err}
	case isRefused(err):
		return &Trouble{Code: "connection_refused", Cause: "Nothing answers at " + s.Address() + ".", Cure: "Check the port, and that the mail server runs.", Temporary: true, Err: err}
	case isTimeout(err):
		return &Trouble{Code: "connection_timeout", Cause: s.Address() + " did not answer in " + s.timeout().String() + ".", Cure: "Check the port, and that no firewall blocks it.", Temporary: true, Err: err}
	}
	return &Trouble{Code: "connection_failed", Cause: s.Address() + " could not be reached.", Cure: "Check the network between this machine and the mail server.", Temporary: true, Err: err}
}

// TLSTrouble says what went wrong in a handshake with s.
func (s Server) TLSTrouble(err error) *Trouble {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown):
		return &Trouble{Code: "certificate_unknown", Cause: "The certificate of " + s.Host + " is signed by an authority that this machine does not know.", Cure: "Paste the certificate of your own authority in the field for it, or install a public one on the mail server.", Err: err}
	case errors.As(err, &name):
		return &Trouble{Code: "certificate_name", Cause: "The certificate is not made for the name " + s.Host + ".", Cure: "Use the name that stands in the certificate.", Err: err}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &Trouble{Code: "certificate_expired", Cause: "The certificate of " + s.Host + " has expired or is not valid yet.", Cure: "Renew it on the mail server, and check the clock of this machine.", Err: err}
	case errors.As(err, &record):
		return &Trouble{Code: "tls_not_spoken", Cause: s.Address() + " does not speak TLS from the first byte.", Cure: "Choose STARTTLS, or the port for TLS (993 for IMAP, 465 for SMTP).", Err: err}
	case isTimeout(err):
		return &Trouble{Code: "tls_timeout", Cause: s.Address() + " did not answer the start of TLS.", Cure: "Check that the port is the one for TLS.", Temporary: true, Err: err}
	}
	return &Trouble{Code: "tls_failed", Cause: "No protected connection to " + s.Address() + " could be made.", Cure: "Check the TLS settings of the mail server.", Temporary: isClosed(err), Err: err}
}
