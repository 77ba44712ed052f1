package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// maxUses ends a connection after so many mails; some servers close it then
// anyway. Chosen.
const maxUses = 100

// Client sends mails through one server and keeps connections for a burst. It
// is safe for concurrent use; each call has a connection of its own.
type Client struct {
	cfg Config

	mu     sync.Mutex
	idle   []*session
	closed bool
}

// New returns a client. It connects when the first mail is sent.
func New(cfg Config) *Client { return &Client{cfg: cfg.withDefaults()} }

// Send is like the function [Send].
func (c *Client) Send(ctx context.Context, envelope Envelope, body io.WriterTo) (Result, error) {
	clean, err := envelope.checked()
	if err != nil {
		return Result{}, err
	}
	for {
		s, used, err := c.session(ctx)
		if err != nil {
			return Result{}, connectError(err)
		}
		result, err := c.sendOn(ctx, s, clean, body)
		if stale := used && isStale(err); !stale {
			return result, err
		}
	}
}

// sendOn sends and keeps the connection if it is still good.
func (c *Client) sendOn(ctx context.Context, s *session, envelope Envelope, body io.WriterTo) (result Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.close()
			result, err = Result{}, localError("body", fmt.Errorf("panic: %v", v))
		}
	}()
	result, err = s.send(ctx, envelope, body)
	if err != nil || len(result.Refused) > 0 {
		s.refusals++
	}
	c.release(s)
	return result, err
}

// isStale says that a kept connection turned out to be dead before anything
// of the mail was sent.
func isStale(err error) bool {
	failed, ok := errors.AsType[*Error](err)
	return ok && failed.Stage == "mail" && (failed.Code == 0 || failed.Code == 421) && failed.Temporary &&
		failed.Trouble.Code != "stopped"
}

// session returns a kept connection, used true, or a new one.
func (c *Client) session(ctx context.Context) (s *session, used bool, err error) {
	c.mu.Lock()
	for len(c.idle) > 0 {
		s = c.idle[len(c.idle)-1]
		c.idle = c.idle[:len(c.idle)-1]
		if s.expiry.Stop() {
			c.mu.Unlock()
			return s, true, nil
		}
	}
	c.mu.Unlock()
	s, err = open(ctx, c.cfg)
	return s, false, err
}

func (c *Client) release(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.broken || c.closed || s.uses >= maxUses || s.refusals >= maxRefusals {
		go s.quit()
		return
	}
	s.expiry = time.AfterFunc(c.cfg.Timing.Idle, func() { c.expire(s) })
	c.idle = append(c.idle, s)
}

// maxRefusals is after how many refused mails a connection is given up:
// servers slow down a client that errs (Postfix after 10,
// smtpd_soft_error_limit), and the mails behind would pay for it.
const maxRefusals = 5

func (c *Client) expire(s *session) {
	c.mu.Lock()
	for i, kept := range c.idle {
		if kept == s {
			c.idle = append(c.idle[:i], c.idle[i+1:]...)
			break
		}
	}
	c.mu.Unlock()
	s.quit()
}

// Close ends the kept connections. Mails under way are finished.
func (c *Client) Close() {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.closed = nil, true
	c.mu.Unlock()
	for _, s := range idle {
		if s.expiry.Stop() {
			s.quit()
		}
	}
}
