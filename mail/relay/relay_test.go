package relay_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail/link"
	"github.com/deskbell/deskbell/mail/relay"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sink is an SMTP server that keeps what it takes.
type sink struct {
	mu       sync.Mutex
	mails    []sunk
	sessions int
	auth     bool // PLAIN with support/secret is needed
	answer   error
}

type sunk struct {
	from string
	to   []string
	utf8 bool
	body string
}

type sinkSession struct {
	sink *sink
	mail sunk
	in   bool
}

func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	return &sinkSession{sink: s, in: !s.auth}, nil
}

func (s *sinkSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *sinkSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "support" || password != "secret" {
			return errors.New("no")
		}
		s.in = true
		return nil
	}), nil
}

func (s *sinkSession) Reset()        { s.mail = sunk{} }
func (s *sinkSession) Logout() error { return nil }

func (s *sinkSession) Mail(from string, o *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	if strings.HasPrefix(from, "foreign") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not yours"}
	}
	s.mail = sunk{from: from, utf8: o.UTF8}
	return nil
}

func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case strings.HasPrefix(to, "unknown"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	case strings.HasPrefix(to, "grey"):
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "come back"}
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *sinkSession) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.sink.answer != nil {
		return s.sink.answer
	}
	s.mail.body = string(body)
	s.sink.mails = append(s.sink.mails, s.mail)
	return nil
}

// serve starts a sink and returns the settings to reach it.
func serve(t *testing.T, s *sink, change ...func(*smtp.Server)) relay.Config {
	t.Helper()
	server := smtp.NewServer(s)
	server.Domain, server.AllowInsecureAuth, server.EnableSMTPUTF8 = "sink.test", true, true
	server.ErrorLog = silent{}
	for _, f := range change {
		f(server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return config(listener.Addr().(*net.TCPAddr).Port)
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func config(port int) relay.Config {
	return relay.Config{Server: link.Server{Host: "127.0.0.1", Port: port, Security: link.None}}
}

func text(s string) io.WriterTo { return relay.From(strings.NewReader(s)) }

func asError(t *testing.T, err error) *relay.Error {
	t.Helper()
	var e *relay.Error
	require.ErrorAs(t, err, &e)
	require.NotNil(t, e.Trouble)
	assert.NotEmpty(t, e.Trouble.Cause)
	assert.NotEmpty(t, e.Trouble.Cure)
	return e
}

func TestSendHandsOverAMail(t *testing.T) {
	s := &sink{auth: true}
	cfg := serve(t, s)
	cfg.Credentials = link.Credentials{Username: "support", Password: "secret"}
	result, err := relay.Send(t.Context(), cfg, relay.Envelope{To: []string{"a@example.test"}}, text("Subject: x\r\n\r\n.dot\r\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"a@example.test"}, result.Accepted)
	assert.Equal(t, []sunk{{to: []string{"a@example.test"}, body: "Subject: x\r\n\r\n.dot\r\n"}}, s.mails)
}

func TestSendTellsPermanentFromTemporaryForEachRecipient(t *testing.T) {
	s := &sink{}
	cfg := serve(t, s)
	to := []string{"unknown@x.test", "ok@x.test", "grey@x.test"}
	result, err := relay.Send(t.Context(), cfg, relay.Envelope{From: "me@x.test", To: to}, text("x\r\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"ok@x.test"}, result.Accepted)
	require.Len(t, result.Refused, 2)
	assert.Equal(t, "unknown@x.test", result.Refused[0].Recipient)
	assert.False(t, result.Refused[0].Err.Temporary)
	assert.Equal(t, "5.1.1", result.Refused[0].Err.Enhanced)
	assert.Equal(t, "recipient_refused", result.Refused[0].Err.Trouble.Code)
	assert.True(t, result.Refused[1].Err.Temporary)
	assert.Equal(t, 451, result.Refused[1].Err.Code)

	result, err = relay.Send(t.Context(), cfg, relay.Envelope{To: []string{"unknown@x.test", "grey@x.test"}}, text("x"))
	assert.True(t, asError(t, err).Temporary)
	assert.Len(t, result.Refused, 2)
	assert.Len(t, s.mails, 1)
}

func TestSendSaysWhatWentWrong(t *testing.T) {
	for _, tt := range []struct {
		name      string
		envelope  relay.Envelope
		change    func(*relay.Config, *sink)
		want      string
		temporary bool
	}{
		{"foreign sender", relay.Envelope{From: "foreign@x", To: []string{"a@x"}}, nil, "sender_refused", false},
		{"unknown recipient", relay.Envelope{To: []string{"unknown@x"}}, nil, "recipient_refused", false},
		{"refused content", relay.Envelope{To: []string{"a@x"}}, func(_ *relay.Config, s *sink) {
			s.answer = &smtp.SMTPError{Code: 554, Message: "spam"}
		}, "message_refused", false},
		{"full disk there", relay.Envelope{To: []string{"a@x"}}, func(_ *relay.Config, s *sink) {
			s.answer = &smtp.SMTPError{Code: 452, Message: "full"}
		}, "refused_for_now", true},
		{"wrong password", relay.Envelope{To: []string{"a@x"}}, func(c *relay.Config, _ *sink) {
			c.Credentials = link.Credentials{Username: "support", Password: "no"}
		}, "sign_in", true},
		{"nobody listens", relay.Envelope{To: []string{"a@x"}}, func(c *relay.Config, _ *sink) { c.Server.Port = 1 }, "connection_refused", true},
		{"no STARTTLS", relay.Envelope{To: []string{"a@x"}}, func(c *relay.Config, _ *sink) { c.Server.Security = link.STARTTLS }, "starttls_missing", true},
		{"no TLS", relay.Envelope{To: []string{"a@x"}}, func(c *relay.Config, _ *sink) { c.Server.Security = link.TLS }, "tls_not_spoken", true},
		{"nobody to send to", relay.Envelope{}, nil, "address_invalid", false},
		{"a second command in the address", relay.Envelope{To: []string{"a@x>\r\nDATA"}}, nil, "address_invalid", false},
		{"blank in the sender", relay.Envelope{From: "a b@x", To: []string{"a@x"}}, nil, "address_invalid", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &sink{}
			cfg := serve(t, s)
			if tt.change != nil {
				tt.change(&cfg, s)
			}
			_, err := relay.Send(t.Context(), cfg, tt.envelope, text("x\r\n"))
			e := asError(t, err)
			assert.Contains(t, e.Trouble.Code, tt.want)
			assert.Equal(t, tt.temporary, e.Temporary)
			assert.False(t, e.Uncertain)
			assert.Empty(t, s.mails)
		})
	}
}

func TestSendUsesSMTPUTF8OnlyWhereNeeded(t *testing.T) {
	s := &sink{}
	cfg := serve(t, s)
	_, err := relay.Send(t.Context(), cfg, relay.Envelope{To: []string{"a@bücher.test"}}, text("x"))
	require.NoError(t, err)
	_, err = relay.Send(t.Context(), cfg, relay.Envelope{To: []string{"ä@x.test"}}, text("x"))
	require.NoError(t, err)
	assert.Equal(t, []string{"a@xn--bcher-kva.test"}, s.mails[0].to)
	assert.False(t, s.mails[0].utf8)
	assert.True(t, s.mails[1].utf8)

	plain := serve(t, &sink{}, func(server *smtp.Server) { server.EnableSMTPUTF8 = false })
	result, err := relay.Send(t.Context(), plain, relay.Envelope{To: []string{"ä@x.test", "a@x.test"}}, text("x"))
	require.NoError(t, err)
	assert.Equal(t, []string{"a@x.test"}, result.Accepted)
	assert.False(t, result.Refused[0].Err.Temporary)
	assert.Equal(t, "smtputf8_missing", result.Refused[0].Err.Trouble.Code)
}

func TestClientKeepsItsConnectionForABurst(t *testing.T) {
	s := &sink{}
	client := relay.New(serve(t, s))
	defer client.Close()
	for n := range 20 {
		_, err := client.Send(t.Context(), relay.Envelope{To: []string{"a@x.test"}}, text(fmt.Sprint(n)))
		require.NoError(t, err)
	}
	assert.Len(t, s.mails, 20)
	assert.Equal(t, 1, s.sessions)
}

func TestClientReplacesAConnectionThatDiedUnused(t *testing.T) {
	s := &sink{}
	client := relay.New(serve(t, s, func(server *smtp.Server) { server.ReadTimeout = 30 * time.Millisecond }))
	defer client.Close()
	for range 2 {
		_, err := client.Send(t.Context(), relay.Envelope{To: []string{"a@x.test"}}, text("x"))
		require.NoError(t, err)
		time.Sleep(60 * time.Millisecond) // the server's own deadline, which has no clock to inject
	}
	assert.Len(t, s.mails, 2)
	assert.Equal(t, 2, s.sessions)
}

// failing writes a little and fails.
type failing struct{}

func (failing) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write([]byte("Subject: half\r\n\r\nbody"))
	return int64(n), errors.Join(err, errors.New("disk unreadable"))
}

func TestSendDeliversNothingWhenTheBodyFails(t *testing.T) {
	s := &sink{}
	_, err := relay.Send(t.Context(), serve(t, s), relay.Envelope{To: []string{"a@x.test"}}, failing{})
	e := asError(t, err)
	assert.Equal(t, "mail_unreadable", e.Trouble.Code)
	assert.True(t, e.Temporary)
	assert.Empty(t, s.mails)
}

// play serves each connection with f.
func play(t *testing.T, f func(say func(string), hear func() string)) relay.Config {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				lines := bufio.NewReader(conn)
				f(func(s string) { fmt.Fprint(conn, s+"\r\n") }, func() string {
					line, _ := lines.ReadString('\n')
					return strings.TrimSpace(line)
				})
			}()
		}
	}()
	cfg := config(listener.Addr().(*net.TCPAddr).Port)
	cfg.Timing = relay.Timing{Command: 80 * time.Millisecond, Data: 80 * time.Millisecond}
	return cfg
}

// script answers commands like a server, and frozen stands for silence.
func script(at, with string) func(func(string), func() string) {
	return func(say func(string), hear func() string) {
		if at == "greeting" {
			hear()
			return
		}
		say("220 x")
		for {
			line := hear()
			word := strings.ToUpper(strings.SplitN(line+" ", " ", 2)[0])
			switch {
			case line == "":
				return
			case word == at && with == "frozen":
				for hear() != "" {
				}
				return
			case word == at && with != "":
				say(with)
				return
			case word == "DATA":
				say("354 go")
				for line := hear(); line != "." && line != ""; line = hear() {
				}
				switch {
				case at == "." && with == "frozen":
					hear()
					return
				case at == "." && with == "":
					return
				case at == ".":
					say(with)
				default:
					say("250 ok")
				}
			default:
				say("250 ok")
			}
		}
	}
}

func TestSendNoticesAFrozenServer(t *testing.T) {
	for _, at := range []string{"greeting", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		t.Run(at, func(t *testing.T) {
			_, err := relay.Send(t.Context(), play(t, script(at, "frozen")), relay.Envelope{To: []string{"a@x"}}, text("x"))
			e := asError(t, err)
			assert.True(t, e.Temporary)
			assert.Equal(t, at == ".", e.Uncertain)
			assert.Contains(t, []string{"server_silent", "greeting_missing"}, e.Trouble.Code)
		})
	}
}

func TestSendIsUncertainWhenTheAnswerIsLost(t *testing.T) {
	_, err := relay.Send(t.Context(), play(t, script(".", "")), relay.Envelope{To: []string{"a@x"}}, text("x"))
	e := asError(t, err)
	assert.True(t, e.Temporary && e.Uncertain)
	assert.Equal(t, "server_closed", e.Trouble.Code)
}

func TestSendReadsTheServersID(t *testing.T) {
	for answer, want := range map[string]string{
		"250 2.0.0 Ok: queued as 4Zx9Ab1cD2z":                                     "4Zx9Ab1cD2z",
		"250 OK id=1rXyZ-0001Ab-Cd":                                               "1rXyZ-0001Ab-Cd",
		"250 2.6.0 <ab@prod.outlook.com> [InternalId=1] Queued mail for delivery": "ab@prod.outlook.com",
		"250 Ok 0102018f5a-1b2c-4d5e-000000":                                      "0102018f5a-1b2c-4d5e-000000",
		"250 thanks":                                                              "",
	} {
		result, err := relay.Send(t.Context(), play(t, script(".", answer)), relay.Envelope{To: []string{"a@x"}}, text("x"))
		require.NoError(t, err)
		assert.Equal(t, want, result.ServerID, answer)
	}
}

func TestSendStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	cfg := play(t, script("RCPT", "frozen"))
	cfg.Timing.Command = time.Minute
	_, err := relay.Send(ctx, cfg, relay.Envelope{To: []string{"a@x"}}, text("x"))
	assert.Equal(t, "stopped", asError(t, err).Trouble.Code)
}

// tokens counts what is asked of it.
type tokens struct{ n, invalid atomic.Int32 }

func (o *tokens) Token(context.Context) (string, error) { return fmt.Sprint("t", o.n.Add(1)), nil }
func (o *tokens) Invalidate()                           { o.invalid.Add(1) }

func TestSendReplacesARefusedTokenOnce(t *testing.T) {
	source := &tokens{}
	var tries atomic.Int32
	cfg := play(t, func(say func(string), hear func() string) {
		say("220 x")
		hear()
		say("250-x\r\n250 AUTH XOAUTH2")
		hear()
		if tries.Add(1) == 1 {
			say("334 eyJzdGF0dXMiOiI0MDEifQ==")
			hear()
			say("535 no")
			return
		}
		say("235 yes")
		for _, answer := range []string{"250 ok", "250 ok", "354 go"} {
			hear()
			say(answer)
		}
		for line := hear(); line != "."; line = hear() {
		}
		say("250 ok")
		hear()
	})
	cfg.Credentials = link.Credentials{Username: "support", Tokens: source}
	_, err := relay.Send(t.Context(), cfg, relay.Envelope{To: []string{"a@x"}}, text("x"))
	require.NoError(t, err)
	assert.EqualValues(t, 1, source.invalid.Load())
	assert.EqualValues(t, 2, source.n.Load())
}

// certificate makes a self-signed one for localhost.
func certificate(t *testing.T) (tls.Certificate, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestSendVerifiesTheCertificate(t *testing.T) {
	cert, ca := certificate(t)
	for _, tt := range []struct {
		name, host, ca, want string
	}{
		{"own authority given", "localhost", ca, ""},
		{"own authority missing", "localhost", "", "certificate_unknown"},
		{"another name", "127.0.0.1", ca, "certificate_name"},
		{"authority unreadable", "localhost", "nonsense", "ca_unreadable"},
	} {
		for _, security := range []link.Security{link.STARTTLS, link.TLS} {
			t.Run(fmt.Sprint(tt.name, " ", security), func(t *testing.T) {
				s := &sink{}
				tlsConfig := &tls.Config{Certificates: []tls.Certificate{cert}}
				cfg := serve(t, s, func(server *smtp.Server) { server.TLSConfig = tlsConfig })
				if security == link.TLS {
					cfg = serveTLS(t, s, tlsConfig)
				}
				cfg.Server.Host, cfg.Server.CA, cfg.Server.Security = tt.host, tt.ca, security
				_, err := relay.Send(t.Context(), cfg, relay.Envelope{To: []string{"a@x"}}, text("x"))
				if tt.want == "" {
					require.NoError(t, err)
					return
				}
				assert.Equal(t, tt.want, asError(t, err).Trouble.Code)
			})
		}
	}
}

func serveTLS(t *testing.T, s *sink, tlsConfig *tls.Config) relay.Config {
	server := smtp.NewServer(s)
	server.ErrorLog = silent{}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", tlsConfig)
	require.NoError(t, err)
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return config(listener.Addr().(*net.TCPAddr).Port)
}

func TestTestReportsEachStep(t *testing.T) {
	s := &sink{auth: true}
	cfg := serve(t, s)
	cfg.Credentials = link.Credentials{Username: "support", Password: "secret"}
	var names []string
	report := func(step link.Step) { names = append(names, fmt.Sprint(step.Name, " ", step.OK)) }
	require.NoError(t, relay.Test(t.Context(), cfg, relay.Envelope{To: []string{"a@x.test"}}, bytes.NewBufferString("x"), report))
	assert.Equal(t, []string{"name true", "tls true", "sign_in true", "send true"}, names)
	assert.Len(t, s.mails, 1)

	names, cfg.Credentials.Password = nil, "no"
	require.Error(t, relay.Test(t.Context(), cfg, relay.Envelope{}, nil, report))
	assert.Equal(t, []string{"name true", "tls true", "sign_in false"}, names)
}
