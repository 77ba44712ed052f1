package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/deskbell/deskbell/faults/check"
	"github.com/deskbell/deskbell/faults/witness"
)

// lane makes one run after the other, with mail servers of its own.
type lane struct {
	bin, root string
	imap      *witness.IMAP
	smtp      *witness.SMTP
	template  desk // set up once, copied for each run
}

func newLane(bin, root string) (*lane, error) {
	l := &lane{bin: bin, root: root}
	var err error
	if l.imap, err = witness.NewIMAP(); err != nil {
		return nil, err
	}
	if l.smtp, err = witness.NewSMTP(); err != nil {
		return nil, err
	}
	l.template = desk{bin: bin, home: filepath.Join(root, "template")}
	return l, l.setUp(&l.template)
}

// setUp makes a desk with a mailbox, as an administrator does.
func (l *lane) setUp(d *desk) error {
	secret := filepath.Join(l.root, "password")
	if err := os.MkdirAll(d.home, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	cmd, err := d.command("", "setup", "--dir", d.dir(), "--admin-email", admin, "--admin-password-file", secret, "--org", "Acme", "--url", "https://desk.test")
	if err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("setup: %w; see %s", err, filepath.Join(d.home, "desk.log"))
	}
	if err := d.start(""); err != nil {
		return err
	}
	var signed struct{ Token string }
	if err := d.call("POST", "/api/collections/agents/auth-with-password", map[string]string{"identity": admin, "password": password}, &signed); err != nil {
		return err
	}
	d.token = signed.Token
	var box struct{ ID string }
	if err := d.call("POST", "/api/collections/mailboxes/records", l.mailbox(), &box); err != nil {
		return err
	}
	d.mailbox = box.ID
	return d.stop()
}

func (l *lane) mailbox() map[string]any {
	return map[string]any{
		"name": "Support", "address": "support@desk.test", "active": true, "auth": "password", "poll_s": 5,
		"imap_host": "127.0.0.1", "imap_port": l.imap.Port(), "imap_security": "none", "imap_username": "support", "imap_password": "secret", "after_fetch": "seen",
		"smtp_host": "127.0.0.1", "smtp_port": l.smtp.Port(), "smtp_security": "none",
	}
}

// run is one fault run on a fresh copy of the template.
type run struct {
	*desk
	lane  *lane
	post  *post
	kills map[string]int

	deliveries []check.Delivery
	lock       sync.Mutex
	saved      []string // ids of messages that the interface called saved; under lock
	out        Report
}

// Report is one line of the table.
type Report struct {
	Name     string   `json:"name"`
	Kills    int      `json:"kills"`
	Injected int      `json:"injected"`
	Lost     int      `json:"lost"`
	Doubled  int      `json:"doubled"`
	Copies   int      `json:"copies"`
	Seconds  float64  `json:"seconds"`
	Findings []string `json:"findings"`
	Notes    []string `json:"notes,omitempty"`
}

func (l *lane) begin(name string, seed uint64) (*run, error) {
	home := filepath.Join(l.root, name)
	if err := os.RemoveAll(home); err != nil {
		return nil, err
	}
	if err := exec.Command("cp", "-r", l.template.home, home).Run(); err != nil {
		return nil, fmt.Errorf("copy the template: %w", err)
	}
	d := l.template
	d.home, d.cmd = home, nil
	l.imap.Empty()
	l.smtp.Empty()
	return &run{desk: &d, lane: l, post: newPost(seed), kills: map[string]int{}, out: Report{Name: name}}, nil
}

func (r *run) found(format string, args ...any) {
	r.out.Findings = append(r.out.Findings, fmt.Sprintf(format, args...))
}

func (r *run) note(format string, args ...any) {
	r.out.Notes = append(r.out.Notes, fmt.Sprintf(format, args...))
}

// deliver puts mails into the folder.
func (r *run) deliver(mails ...sent) {
	for _, m := range mails {
		validity, uid := r.lane.imap.Deliver(m.raw, 0)
		r.deliveries = append(r.deliveries, check.Delivery{Letter: m.letter, Validity: validity, UID: uid, SHA256: hashOf(m.raw)})
	}
}

// killAt starts the desk with a kill at a point, feeds it until it dies and
// checks what it left.
func (r *run) killAt(point string, pass int, feed func()) error {
	if err := r.start(fmt.Sprintf("%s:exit:%d", point, pass)); err != nil {
		return err
	}
	feed()
	if !r.ended(20 * time.Second) {
		r.found("%s was never passed %d times", point, pass)
		r.kill()
		return nil
	}
	r.kills[point]++
	r.out.Kills++
	return r.checkKilled()
}

func (r *run) checkKilled() error {
	result, err := check.Killed(r.evidence())
	r.take(result)
	return err
}

func (r *run) evidence() check.Evidence {
	return check.Evidence{Dir: r.dir(), Tmp: r.tmp(), Letters: r.post.letters, Deliveries: r.deliveries, Acts: r.lane.imap.Acts(),
		Arrivals: r.lane.smtp.Arrivals(), Kills: r.kills, Saved: r.saved}
}

func (r *run) take(c check.Result) {
	r.out.Lost += c.Lost
	r.out.Doubled += c.Doubled
	r.out.Copies += c.Copies
	r.out.Findings = append(r.out.Findings, c.Findings...)
}

// settle waits until all is done, stops the desk in order and checks all.
func (r *run) settle(expected int) error {
	if !r.settled(expected, 60*time.Second) {
		r.found("not settled within 60 s")
	}
	if n := r.descriptors(); n > 120 { // chosen: a settled desk holds about 40
		r.found("I9 %d open descriptors at rest", n)
	}
	if err := r.stop(); err != nil {
		r.found("%v", err)
	}
	result, err := check.Settled(r.evidence())
	r.take(result)
	return err
}

// end writes the report and tidies up after a good run.
func (r *run) end(began time.Time) Report {
	r.kill()
	r.out.Injected = len(r.deliveries)
	r.out.Seconds = time.Since(began).Seconds()
	if len(r.out.Findings) == 0 {
		_ = os.RemoveAll(r.home) // a folder of the run; the next run replaces it
	} else {
		r.note("kept: %s", r.home)
	}
	return r.out
}
