package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/pocketbase/dbx"

	"github.com/deskbell/deskbell/collections"
)

// mails measures the way of a mail from its server to a committed ticket and
// to the screen, on a desk of 20 000 tickets that acknowledges every mail.
func (b *bench) mails(ctx context.Context) (err error) {
	office, err := openPostOffice(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, office.close()) }()
	port, end, err := openSink()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	d, err := b.setUp(ctx, "mails")
	if err != nil {
		return err
	}
	defer d.stop()
	if err := d.seed(ctx, b.n(20_000)); err != nil {
		return err
	}
	if err := d.start(ctx, b.bin); err != nil {
		return err
	}
	if err := d.signIn(ctx); err != nil {
		return err
	}
	box := office.mailbox(port)
	box["team"] = d.team
	id, err := b.byIMAP(ctx, d, office, box)
	if err != nil {
		return err
	}
	if err := b.byListener(ctx, d, id); err != nil {
		return err
	}
	return b.memoryOfMails(d)
}

// byIMAP fills Dovecot, lets the desk loose on it, and then sends single mails
// while the desk waits in IDLE.
func (b *bench) byIMAP(ctx context.Context, d *desk, office *postOffice, box map[string]any) (id string, err error) {
	n := b.n(5000)
	b.say("filling Dovecot with %d mails", n)
	if err := sendAll(ctx, smtp.NewClientLMTP, "127.0.0.1:"+office.env["LMTP_PORT"], n); err != nil {
		return "", err
	}
	own, err := many(ctx, 8, b.span(), func(_, i int) error { return d.open(ctx, i) })
	if err != nil {
		return "", err
	}
	began, used := time.Now(), d.cpu()
	if id, err = d.admin.create(ctx, "mailboxes", box); err != nil {
		return "", err
	}
	rate, err := d.ticketed(ctx, began, 0, n)
	if err != nil {
		return "", err
	}
	b.report.add(measure{Name: "mails from a filled Dovecot mailbox to tickets", Figure: rate, Unit: "/s", Goal: 200, Least: true, Peer: "47", Note: fmt.Sprintf("%d mails, acknowledged; %s", n, d.each(used, float64(n)))})
	b.report.add(measure{Name: "… of the product's own create rate", Figure: 100 * rate / own, Unit: "%", Goal: 50, Least: true, Note: fmt.Sprintf("%.0f creates/s just before", own)})
	if err := d.quiet(ctx); err != nil {
		return "", err
	}
	err = b.delay(ctx, d, "SMTP accepted to screen by Dovecot's IDLE", 20, 1, office.env["SMTP_PORT"])
	if err == nil {
		err = b.parcel(ctx, d, "30 MB mail by IMAP", "127.0.0.1:"+office.env["LMTP_PORT"], smtp.NewClientLMTP)
	}
	return id, err
}

// byListener measures the desk's own SMTP listener. The mailbox stops
// fetching meanwhile.
func (b *bench) byListener(ctx context.Context, d *desk, box string) error {
	if err := d.admin.call(ctx, http.MethodPatch, "/api/collections/mailboxes/records/"+box, map[string]any{"imap_host": ""}, nil); err != nil {
		return err
	}
	n := b.n(2000)
	done, err := d.mailCount(ctx, "ticketed")
	if err != nil {
		return err
	}
	began, used := time.Now(), d.cpu()
	if err := sendAll(ctx, smtp.NewClient, d.smtp, n); err != nil {
		return err
	}
	accepted := float64(n) / time.Since(began).Seconds()
	rate, err := d.ticketed(ctx, began, done, n)
	if err != nil {
		return err
	}
	b.report.add(measure{Name: "mails by the own SMTP listener to tickets", Figure: rate, Unit: "/s", Goal: 200, Least: true, Peer: "47", Note: fmt.Sprintf("%d mails, %.0f/s accepted; %s", n, accepted, d.each(used, float64(n)))})
	if err := d.quiet(ctx); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(d.smtp)
	if err != nil {
		return err
	}
	if err := b.delay(ctx, d, "SMTP accepted to screen by the own listener", 100, 0.2, port); err != nil {
		return err
	}
	return b.parcel(ctx, d, "30 MB mail by the own listener", d.smtp, smtp.NewClient)
}

// mailCount counts the mails in a state, past the desk, which must not be
// slowed by the question.
func (d *desk) mailCount(ctx context.Context, state string) (n int, err error) {
	db, err := collections.Connect(filepath.Join(d.dir, "data.db"))
	if err != nil {
		return 0, err
	}
	err = db.NewQuery("SELECT COUNT(*) FROM inbound_mails WHERE state = {:state}").Bind(dbx.Params{"state": state}).WithContext(ctx).Row(&n)
	return n, errors.Join(err, db.Close())
}

// ticketed waits until n more mails than before are tickets and answers their
// rate.
func (d *desk) ticketed(ctx context.Context, began time.Time, before, n int) (float64, error) {
	last, progress := before, time.Now()
	for {
		done, err := d.mailCount(ctx, "ticketed")
		if err != nil {
			return 0, err
		}
		if done >= before+n {
			return float64(n) / time.Since(began).Seconds(), nil
		}
		if done > last {
			last, progress = done, time.Now()
		}
		if time.Since(progress) > 30*time.Second {
			return 0, fmt.Errorf("only %d of %d mails became tickets: %s", done-before, n, d.heap.log())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// quiet waits until every acknowledgement has left.
func (d *desk) quiet(ctx context.Context) error {
	for range 1200 {
		var out struct{ TotalItems int }
		q := "/api/collections/outbound_mails/records?perPage=1&fields=id&filter=" + "state%3D'queued'%7C%7Cstate%3D'sending'"
		if err := d.admin.call(ctx, http.MethodGet, q, nil, &out); err != nil || out.TotalItems == 0 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the outbox is not empty after two minutes")
}

// delay sends single mails and measures from the server's 250 until a screen
// shows the ticket. goal is for the middle one, in seconds.
func (b *bench) delay(ctx context.Context, d *desk, name string, full int, goal float64, port string) error {
	s, err := d.watch(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	p, err := dial(smtp.NewClient, net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	defer p.Close() // nothing is left to say
	var took times
	for i := range max(b.n(full), 5) {
		subject := name + " " + strconv.Itoa(i)
		if err := p.send(letter(subject, i)); err != nil {
			return err
		}
		accepted := time.Now()
		seen, err := s.await(ctx, 20*time.Second, func(c change) bool { return strings.HasPrefix(c.topic, "tickets/") && c.Record.Subject == subject })
		if err != nil {
			return err
		}
		took = append(took, max(seen.Sub(accepted), 0))
	}
	b.report.add(measure{Name: name + ", p50", Figure: took.at(0.5) / 1000, Unit: "s", Goal: goal})
	b.report.add(measure{Name: name + ", p99", Figure: took.at(0.99) / 1000, Unit: "s", Goal: 5})
	return nil
}

// parcel measures what a 30 MB mail costs in memory on its way to a ticket.
func (b *bench) parcel(ctx context.Context, d *desk, name, address string, network func(net.Conn) *smtp.Client) error {
	done, err := d.mailCount(ctx, "ticketed")
	if err != nil {
		return err
	}
	p, err := dial(network, address)
	if err != nil {
		return err
	}
	defer p.Close() // nothing is left to say
	heap, rss := d.heap.reset(), d.memory("RssAnon")
	began, highest := time.Now(), d.highest()
	if err := p.send(parcel(name)); err != nil {
		return err
	}
	if _, err := d.ticketed(ctx, began, done, 1); err != nil {
		return err
	}
	b.report.add(measure{Name: name + ": growth of the heap", Figure: d.heap.highest() - heap, Unit: "MB", Goal: 20,
		Note: fmt.Sprintf("RSS without files grew by %.0f MB at most; %.1f s", max(highest()-rss, 0), time.Since(began).Seconds())})
	return nil
}

func (b *bench) memoryOfMails(d *desk) error {
	b.report.add(measure{Name: "memory after the mails (highest RSS)", Figure: d.memory("VmHWM"), Unit: "MB", Goal: 250})
	return nil
}
