package imapbox

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/deskbell/deskbell/mail/link"
	"github.com/emersion/go-imap/v2"
)

// Test tries the settings step by step — name, tls, sign_in, folder — and
// reports each. It ends at the first that fails and returns its error, a
// [*link.Trouble]. It changes nothing on the server.
func Test(ctx context.Context, cfg Config, report func(link.Step)) error {
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
			return protection(s.wire.Conn), s.greeted(ctx)
		}},
		{"sign_in", func() (string, error) { return "", s.signIn(ctx) }},
		{"folder", func() (string, error) {
			err := s.selectFolder(ctx)
			return fmt.Sprintf("%d messages", s.messages), err
		}},
	}
	defer func() {
		if s != nil {
			s.close()
		} else if conn != nil {
			conn.Close()
		}
	}()
	for _, step := range steps {
		if err := link.Run("imap", step.name, report, step.do); err != nil {
			return link.AsTrouble(err)
		}
	}
	return nil
}

// greeted waits for the greeting, so that a port that is no IMAP port shows in
// the step before the sign-in.
func (s *session) greeted(ctx context.Context) error {
	defer s.watch(ctx)()
	defer s.wire.expect(s.cfg.Timing.Greeting, s.cfg.Timing.Longest)()
	if err := s.client.WaitGreeting(); err != nil {
		return s.greetingError(err)
	}
	return nil
}

func protection(conn net.Conn) string {
	if secured, ok := conn.(*tls.Conn); ok {
		return tls.VersionName(secured.ConnectionState().Version)
	}
	return "none"
}

// searchPause lies between two looks for a test mail; chosen.
const searchPause = 500 * time.Millisecond

// Await waits until a mail with the Message-ID (without < >) is in the folder,
// or in the folder that fetched mails are moved to, and removes it if the
// server allows. It also returns when arrived says yes: a watcher at work may
// take the mail away before it is seen here. arrived may be nil. The error is a
// [*link.Trouble].
func Await(ctx context.Context, cfg Config, messageID string, arrived func() bool) error {
	cfg = cfg.withDefaults()
	folders := []string{cfg.Folder}
	if cfg.AfterFetch == Move {
		folders = append(folders, cfg.MoveTo)
	}
	cfg.AfterFetch = Delete // so that the folder is opened for writing
	s, err := open(ctx, cfg)
	if err != nil {
		return link.AsTrouble(err)
	}
	defer s.close()
	for {
		if arrived != nil && arrived() {
			return nil
		}
		for _, s.cfg.Folder = range folders {
			found, err := s.take(ctx, messageID)
			if found {
				return nil
			}
			if err != nil && ctx.Err() == nil && s.cfg.Folder == cfg.Folder {
				return link.AsTrouble(err)
			}
		}
		select {
		case <-ctx.Done():
			return &link.Trouble{Code: "test_mail_missing", Cause: "The test mail was sent, but did not arrive in time.", Cure: "Check that the address belongs to this mailbox, and look in the spam folder.", Temporary: true, Err: ctx.Err()}
		case <-time.After(searchPause):
		}
	}
}

// take looks for a mail in s.cfg.Folder and removes it. A refusal to remove it
// does not matter: it is a test mail.
func (s *session) take(ctx context.Context, messageID string) (found bool, err error) {
	if err := s.selectFolder(ctx); err != nil {
		return false, err
	}
	criteria := &imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: messageID}}}
	uids, err := s.search(ctx, criteria)
	if err != nil || len(uids) == 0 {
		return false, err
	}
	set := imap.UIDSetNum(slices.Clone(uids)...)
	if s.flag(ctx, set, imap.FlagDeleted) == nil {
		_ = s.expunge(ctx, set)
	}
	return true, nil
}
