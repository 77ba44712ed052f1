package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/deskbell/deskbell/collections"
)

// reachWithin bounds one question to a web server (chosen).
const reachWithin = 5 * time.Second

// clockSlack is how far a clock may be off before deadlines suffer (chosen).
const clockSlack = 2 * time.Minute

// checkServer asks the running desk, if there is one, whether it is ready.
func (x *examination) checkServer() (running bool) {
	pid, held := x.folder.Holder()
	if !held {
		x.say(Finding{Fine, "server", "is not running", ""})
		return false
	}
	address := "http://" + browsable(x.options.HTTP)
	status, _, err := x.ask(address)
	switch {
	case err != nil:
		x.say(Finding{Warned, "server", fmt.Sprintf("runs as process %d, but does not answer at %s", pid, address), "if it listens elsewhere, give doctor the same --http"})
	case status != http.StatusOK:
		x.say(Finding{Failed, "server", fmt.Sprintf("runs as process %d and is not ready (%d)", pid, status), "open " + address + "/api/desk/ready: it names the part"})
	default:
		x.say(Finding{Fine, "server", fmt.Sprintf("runs as process %d and is ready", pid), ""})
	}
	return true
}

// ask puts the question of readiness to an address and returns the answer's
// status and the clock of the other side.
func (x *examination) ask(origin string) (int, time.Time, error) {
	ctx, cancel := context.WithTimeout(x.ctx, reachWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/api/desk/ready", nil)
	if err != nil {
		return 0, time.Time{}, err
	}
	res, err := http.DefaultTransport.RoundTrip(req) // follows no redirect
	if err != nil {
		return 0, time.Time{}, err
	}
	defer res.Body.Close()
	date, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		date = time.Time{}
	}
	return res.StatusCode, date, nil
}

func (x *examination) checkPublicURL() Finding {
	const part = "public address"
	settings, err := collections.FindSettings(x.app)
	if err != nil {
		return Finding{Warned, part, "cannot be read before the schema stands", "start the desk once"}
	}
	origin := settings.PublicURL()
	if origin == "" {
		return Finding{Warned, part, "none is set: mails go out without links, and nobody can reset a password", "set it in the desk's settings, for example https://desk.example.com"}
	}
	if status, _, err := x.ask(origin); err != nil || status != http.StatusOK && status != http.StatusServiceUnavailable {
		return Finding{Warned, part, fmt.Sprintf("%s does not lead to this desk from here", origin), "look at the name in DNS and at the proxy; start the desk if it is stopped"}
	}
	if u, err := url.Parse(origin); err == nil && u.Scheme == "http" && u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost" && u.Hostname() != "::1" {
		return Finding{Warned, part, origin + " answers, but passwords travel unencrypted", "put a proxy with a certificate before the desk"}
	}
	return Finding{Fine, part, origin + " answers", ""}
}

// checkClock compares the clock with the newest event of the audit chain and
// asks the kernel whether something keeps it right.
func (x *examination) checkClock() Finding {
	now := time.Now()
	if at, err := collections.NewestEvent(x.app); err == nil && at.Sub(now) > clockSlack {
		return Finding{Failed, "clock", fmt.Sprintf("is behind the newest event by %s", at.Sub(now).Round(time.Second)), "set the clock: turn on time synchronisation (timedatectl set-ntp true)"}
	}
	text := now.UTC().Format("2006-01-02 15:04:05 MST")
	if synced, known := clockSynced(); known && !synced {
		return Finding{Warned, "clock", text + ", and nothing keeps it right", "turn on time synchronisation (timedatectl set-ntp true)"}
	}
	return Finding{Fine, "clock", text, ""}
}
