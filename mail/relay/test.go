package relay

import (
	"context"
	"crypto/tls"
	"io"
	"net"

	"github.com/deskbell/deskbell/mail/link"
)

// Test tries the settings step by step — name, tls, sign_in and, unless body
// is nil, send — and reports each. It ends at the first that fails and returns
// its error, a [*link.Trouble].
func Test(ctx context.Context, cfg Config, envelope Envelope, body io.WriterTo, report func(link.Step)) error {
	cfg = cfg.withDefaults()
	var (
		conn net.Conn
		s    *session
	)
	steps := []struct {
		name string
		do   func() (string, error)
	}{
		{"name", func() (note string, err error) {
			if conn, err = cfg.Server.Connect(ctx); err != nil {
				return "", err
			}
			return conn.RemoteAddr().String(), nil
		}},
		{"tls", func() (note string, err error) {
			if s, err = secure(ctx, cfg, conn); err != nil {
				return "", err
			}
			return s.protection(), nil
		}},
		{"sign_in", func() (string, error) { return "", s.signIn(ctx) }},
		{"send", func() (string, error) {
			clean, err := envelope.checked()
			if err != nil {
				return "", err
			}
			result, err := s.send(ctx, clean, body)
			return result.Answer, err
		}},
	}
	if body == nil {
		steps = steps[:len(steps)-1]
	}
	defer func() {
		if s != nil {
			s.quit()
		} else if conn != nil {
			conn.Close()
		}
	}()
	for _, step := range steps {
		if err := link.Run("smtp", step.name, report, step.do); err != nil {
			return link.AsTrouble(err)
		}
	}
	return nil
}

func (s *session) protection() string {
	if state, ok := s.client.TLSConnectionState(); ok {
		return tls.VersionName(state.Version)
	}
	if secured, ok := s.conn.Conn.(*tls.Conn); ok {
		return tls.VersionName(secured.ConnectionState().Version)
	}
	return "none"
}
