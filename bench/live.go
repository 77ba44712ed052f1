package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// screen is another agent's open page: a stream of what happens.
type screen struct {
	events chan change
	stop   context.CancelFunc
}

type change struct {
	topic  string
	action string
	Record struct{ Text, Subject string }
	at     time.Time
}

// watch opens the stream that the screens open and subscribes as they do.
func (d *desk) watch(ctx context.Context) (*screen, error) {
	ctx, stop := context.WithCancel(ctx)
	res, err := d.admin.open(ctx, http.MethodGet, "/api/realtime", nil)
	if err != nil {
		stop()
		return nil, err
	}
	s := &screen{events: make(chan change, 10_000), stop: stop}
	hello := make(chan string, 1)
	go func() {
		defer res.Body.Close() // ends with the context
		s.read(bufio.NewReaderSize(res.Body, 1<<20), hello)
	}()
	select {
	case id := <-hello:
		options := url.QueryEscape(`{"query":{"expand":"requester,assignee,team"}}`)
		body := map[string]any{"clientId": id, "subscriptions": []string{"tickets/*?options=" + options, "messages/*", "notices/*"}}
		return s, d.admin.call(ctx, http.MethodPost, "/api/realtime", body, nil)
	case <-time.After(10 * time.Second):
		stop()
		return nil, fmt.Errorf("the event stream does not begin: %s", res.Status)
	}
}

func (s *screen) read(r *bufio.Reader, hello chan<- string) {
	var c change
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ":")
		switch {
		case name == "id" && c.topic == "":
			select {
			case hello <- value:
			default: // told before
			}
		case name == "event":
			c = change{topic: value}
		case name == "data" && strings.Contains(c.topic, "/*"):
			c.at = time.Now()
			if json.Unmarshal([]byte(value), &c) == nil {
				s.events <- c
			}
		}
	}
}

// await waits for a change that fits.
func (s *screen) await(ctx context.Context, within time.Duration, fits func(change) bool) (time.Time, error) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		select {
		case c := <-s.events:
			if fits(c) {
				return c.at, nil
			}
		case <-timer.C:
			return time.Time{}, fmt.Errorf("nothing was seen within %s", within)
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
}

// live measures from the sending of a note until another screen has it.
func (b *bench) live(ctx context.Context, d *desk, n int, at string) error {
	s, err := d.watch(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	var took times
	for i := range b.n(300) {
		text := fmt.Sprintf("note %d", i)
		began := time.Now()
		_, err := d.agent.create(ctx, "messages", map[string]any{"ticket": rowID("tick", openTicket(n)), "visibility": "internal", "text": text})
		if err != nil {
			return err
		}
		seen, err := s.await(ctx, 5*time.Second, func(c change) bool { return c.Record.Text == text })
		if err != nil {
			return err
		}
		took = append(took, seen.Sub(began))
	}
	b.report.add(measure{Name: "note seen by another screen" + at + ", p50", Figure: took.at(0.5), Unit: "ms", Goal: 5, Peer: "4.4", Note: fmt.Sprintf("p99 %s", number(took.at(0.99)))})
	return nil
}

// openTicket picks a seeded ticket that still takes notes.
func openTicket(n int) int {
	for {
		i := rand.IntN(n)
		if s := seedState(i); s != "closed" && s != "cancelled" {
			return i
		}
	}
}
