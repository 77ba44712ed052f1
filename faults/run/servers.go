package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/deskbell/deskbell/faults/check"
)

// cut is R3: the server closes within a literal, again and again.
func cut() scenario {
	return scenario{"R3-cut", func(r *run) error {
		r.lane.imap.Cut(150, 3)
		r.deliver(r.post.mix(30)...)
		if err := r.start(""); err != nil {
			return err
		}
		r.lane.imap.Cut(40, 1)
		r.deliver(r.post.mix(30)...)
		return r.settle(len(r.deliveries))
	}}
}

// goodbye is R3: BYE, reset, and a server that is away for a while.
func goodbye() scenario {
	return scenario{"R3-bye", func(r *run) error {
		if err := r.start(""); err != nil {
			return err
		}
		for _, how := range []string{"bye", "reset", "bye", "reset"} {
			r.trickle(r.post.mix(16))
			r.lane.imap.Hang(how)
			r.deliver(r.post.mix(8)...)
		}
		r.lane.imap.Down()
		time.Sleep(12 * time.Second)
		if err := r.lane.imap.Up(); err != nil {
			return err
		}
		r.back(60*time.Second, "a server that was away for 12 s")
		return r.settle(len(r.deliveries))
	}}
}

// halfOpen is R3: the connection is dead and nobody says so.
func halfOpen() scenario {
	return scenario{"R3-half-open", func(r *run) error {
		if err := r.start(""); err != nil {
			return err
		}
		r.deliver(r.post.mix(10)...)
		r.settled(len(r.deliveries), 30*time.Second)
		thaw := r.lane.imap.Freeze()
		defer thaw()
		r.back(90*time.Second, "a half-open connection")
		return r.settle(len(r.deliveries))
	}}
}

// back measures how long the next mail takes.
func (r *run) back(limit time.Duration, after string) {
	began := time.Now()
	r.deliver(r.post.write(letter{}))
	if !r.settled(len(r.deliveries), limit) {
		r.found("no mail within %s after %s", limit, after)
	}
	r.note("back %.1f s after %s", time.Since(began).Seconds(), after)
}

// renumbered is R5: the folder gets a new UIDVALIDITY with the same mails, and
// later is made anew.
func renumbered() scenario {
	return scenario{"R5", func(r *run) error {
		if err := r.start(""); err != nil {
			return err
		}
		r.deliver(r.post.mix(40)...)
		r.settled(len(r.deliveries), 30*time.Second)
		validity, became := r.lane.imap.Renumber()
		var again []check.Delivery
		for _, d := range r.deliveries {
			again = append(again, check.Delivery{Letter: d.Letter, Validity: validity, UID: became[d.UID], SHA256: d.SHA256})
		}
		r.deliveries = append(r.deliveries, again...)
		r.deliver(r.post.mix(20)...)
		r.settled(len(r.deliveries), 30*time.Second)
		r.lane.imap.Recreate()
		r.deliver(r.post.mix(20)...)
		return r.settle(len(r.deliveries))
	}}
}

// forgotten is R5 on a server that gives the new folder the old UIDVALIDITY:
// once with fewer mails than before, once with more.
func forgotten() scenario {
	return scenario{"R5-same", func(r *run) error {
		if err := r.start(""); err != nil {
			return err
		}
		r.deliver(r.post.mix(40)...)
		for _, next := range []int{10, 60} {
			if !r.settled(len(r.deliveries), 30*time.Second) {
				r.found("not settled before the folder was made anew")
			}
			r.kill()
			r.lane.imap.Forget()
			for i := range r.deliveries {
				r.deliveries[i].Retired = true
			}
			r.deliver(r.post.mix(next)...)
			if err := r.start(""); err != nil {
				return err
			}
		}
		return r.settle(len(r.deliveries))
	}}
}

// huge is R9: the largest mail that is taken, one that is too large, and one
// that announces 2 GB.
func huge() scenario {
	return scenario{"R9", func(r *run) error {
		if err := r.start(""); err != nil {
			return err
		}
		r.deliver(r.post.mix(5)...)
		r.settled(len(r.deliveries), 20*time.Second)
		before := r.peak()
		r.deliver(r.post.write(letter{size: 50 << 20}))
		r.deliver(r.post.write(letter{size: 51 << 20, want: check.Stub}))
		liar := r.post.write(letter{want: check.Stub})
		validity, uid := r.lane.imap.Deliver(liar.raw, 2<<30)
		r.deliveries = append(r.deliveries, check.Delivery{Letter: liar.letter, Validity: validity, UID: uid, SHA256: hashOf(liar.raw)})
		r.deliver(r.post.mix(5)...)
		if !r.settled(len(r.deliveries), 60*time.Second) {
			r.found("the large mails are in the way")
		}
		grown := (r.peak() - before) >> 20
		r.note("memory grew by %d MiB at most", grown)
		if grown > 400 {
			r.found("R9 memory grew by %d MiB", grown)
		}
		for _, m := range r.lane.imap.Left() {
			stub := len(m.Raw) > 50<<20 || m.Announce > 0
			if stub == m.Seen {
				r.found("R9 uid %d: seen is %v", m.UID, m.Seen)
			}
		}
		return r.settle(len(r.deliveries))
	}}
}

// wrongPassword is R11: the password is changed on the server; the desk says
// so, and goes on when it is told the new one.
func wrongPassword() scenario {
	return scenario{"R11-password", func(r *run) error {
		secret := "secret"
		var mu sync.Mutex
		r.lane.imap.Accept(func(_, _, given string) bool { mu.Lock(); defer mu.Unlock(); return given == secret })
		if err := r.start(""); err != nil {
			return err
		}
		r.deliver(r.post.mix(5)...)
		r.settled(len(r.deliveries), 20*time.Second)
		mu.Lock()
		secret = "rotated"
		mu.Unlock()
		r.lane.imap.Hang("bye")
		r.deliver(r.post.mix(5)...)
		r.alarmed("sign_in_refused")
		time.Sleep(3 * time.Second)
		if _, refused := r.lane.imap.Signs(); refused > 3 {
			r.found("R11 %d sign-ins with a wrong password in seconds", refused)
		}
		if err := r.change(map[string]any{"imap_password": "rotated"}); err != nil {
			return err
		}
		r.recovered()
		return r.settle(len(r.deliveries))
	}}
}

// alarmed waits until the mailbox says what is wrong and a lead is told.
func (r *run) alarmed(code string) {
	seen := ""
	if !eventually(20*time.Second, func() bool {
		var box struct {
			Error *struct{ Code string } `json:"last_error"`
		}
		if r.call("GET", "/api/collections/mailboxes/records/"+r.mailbox, nil, &box) == nil && box.Error != nil {
			seen = box.Error.Code
		}
		return seen == code
	}) {
		r.found("R11 the mailbox says %q, not %q", seen, code)
	}
	if !eventually(5*time.Second, func() bool { return r.count("notices", "kind = 'alarm'") > 0 }) {
		r.found("R11 no lead was told of %s", code)
	}
}

// recovered waits until mail flows again and nothing is said to be wrong.
func (r *run) recovered() {
	if !r.settled(len(r.deliveries), 20*time.Second) {
		r.found("R11 no mail after the cure")
	}
	if !eventually(5*time.Second, func() bool { return r.count("mailboxes", "last_error = null") == 1 }) {
		r.found("R11 the mailbox still shows its trouble")
	}
}

// authority issues OAuth tokens. Each refresh makes a new refresh token and
// ends the old one, as some providers do.
type authority struct {
	mu      sync.Mutex
	n       int
	access  string
	refresh string
	closed  bool
	asked   int
}

// ServeHTTP answers a refresh (RFC 6749 §6).
func (a *authority) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	w.Header().Set("Content-Type", "application/json")
	if a.closed || req.FormValue("refresh_token") != a.refresh {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	a.n++
	a.access, a.refresh = fmt.Sprint("access-", a.n), fmt.Sprint("refresh-", a.n)
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": a.access, "refresh_token": a.refresh, "expires_in": 3600, "token_type": "Bearer"}) // a client that is gone asks again
}

func (a *authority) accepts(_, _, token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return token == a.access && a.access != ""
}

func (a *authority) set(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

// expiredToken is R11: a token expires and is renewed by itself; the grant is
// withdrawn, which a person must mend.
func expiredToken() scenario {
	return scenario{"R11-token", func(r *run) error {
		a := &authority{refresh: "refresh-0"}
		server := httptest.NewServer(a)
		defer server.Close()
		r.lane.imap.Accept(a.accepts)
		if err := r.change(map[string]any{"auth": "oauth", "oauth_client_id": "desk", "oauth_token_url": server.URL, "oauth_refresh_token": "refresh-0", "smtp_host": ""}); err != nil {
			return err
		}
		if err := r.start(""); err != nil {
			return err
		}
		r.deliver(r.post.mix(5)...)
		r.recovered()
		time.Sleep(2 * time.Second)
		a.set(func() {
			if a.asked > 3 {
				r.found("R11 %d tokens were fetched where one was needed", a.asked)
			}
			a.access = "expired"
		})
		r.lane.imap.Hang("bye")
		r.deliver(r.post.mix(5)...)
		r.recovered()
		a.set(func() { a.closed, a.access = true, "expired" })
		r.lane.imap.Hang("bye")
		r.deliver(r.post.mix(5)...)
		r.alarmed("invalid_grant")
		a.set(func() { a.closed, a.refresh = false, "granted-anew" })
		if err := r.change(map[string]any{"oauth_refresh_token": "granted-anew"}); err != nil {
			return err
		}
		r.recovered()
		a.set(func() { r.note("%d tokens fetched", a.asked) })
		return r.settle(len(r.deliveries))
	}}
}
