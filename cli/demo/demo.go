// Package demo fills a desk with believable sample data. Everything goes
// through the same gate as real work, marked in the audit chain as demo.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
)

// Size of the demo: 300 tickets over 90 days, as the product promises.
const (
	ticketCount = 300
	days        = 90
	seed        = 20_261_120 // the same desk each time
)

// Filler writes the demo into a desk.
type Filler struct {
	app      core.App
	now      time.Time
	rand     *rand.Rand
	progress func(done, total int)

	teams, agents, requesters, services, categories map[string]*core.Record
	byTeam                                          map[string][]*core.Record
	people                                          []*core.Record
	by                                              *core.Record // who opens the next ticket
}

// Fill writes teams, people, services and tickets with their conversations.
// progress is called after each step and may be nil. The end of ctx stops it
// between two steps; what was written stays.
func Fill(ctx context.Context, app core.App, now time.Time, progress func(done, total int)) (tickets int, err error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	f := &Filler{app: app, now: now.UTC(), rand: rand.New(rand.NewPCG(seed, seed)), progress: progress, byTeam: map[string][]*core.Record{}}
	if err := f.cast(); err != nil {
		return 0, err
	}
	return f.play(ctx)
}

// Filled says whether a desk holds the demo already.
func Filled(app core.App) (bool, error) {
	n, err := app.CountRecords(collections.Events, collections.SourceIs(collections.SourceDemo))
	return n > 0, err
}

func (f *Filler) stamp(at time.Time) collections.Stamp {
	return collections.Stamp{Source: collections.SourceDemo, Name: "Demo", At: at, Quiet: true}
}

func (f *Filler) save(collection string, at time.Time, values map[string]any) (*core.Record, error) {
	c, err := f.app.FindCachedCollectionByNameOrId(collection)
	if err != nil {
		return nil, err
	}
	r := core.NewRecord(c)
	r.Load(values)
	if c.IsAuth() {
		r.SetRandomPassword()
		r.SetVerified(true)
	}
	stamp := f.stamp(at)
	if who := f.by; who != nil {
		stamp.Requester, stamp.Name = who.Id, who.GetString("name")
	}
	collections.SetStamp(r, stamp)
	if err := f.app.Save(r); err != nil {
		return nil, fmt.Errorf("make %s: %w", collection, err)
	}
	return r, nil
}

// cast makes teams, agents, organisations, requesters, services, categories.
func (f *Filler) cast() error {
	begin := f.now.AddDate(0, 0, -days-1)
	f.teams, f.agents, f.services, f.categories = map[string]*core.Record{}, map[string]*core.Record{}, map[string]*core.Record{}, map[string]*core.Record{}
	var err error
	for _, name := range teamNames {
		if f.teams[name], err = f.save(collections.Teams, begin, map[string]any{"name": name, "dispatch": "manual"}); err != nil {
			return err
		}
	}
	for _, a := range agents {
		r, err := f.save(collections.Agents, begin, map[string]any{"name": a.name, "email": address(a.name, "desk.example"), "role": a.role, "teams": []string{f.teams[a.team].Id},
			"locale": a.locale, "timezone": "Europe/Berlin", "active": true, "undo_s": collections.DefaultUndo, "signature": "<p>" + a.name + "<br>" + a.team + "</p>"})
		if err != nil {
			return err
		}
		f.byTeam[a.team] = append(f.byTeam[a.team], r)
	}
	for name, team := range services {
		if f.services[name], err = f.save(collections.Services, begin, map[string]any{"name": name, "status": "operational", "criticality": "medium", "team": f.teams[team].Id}); err != nil {
			return err
		}
	}
	for name, team := range categories {
		if f.categories[name], err = f.save(collections.Categories, begin, map[string]any{"name": name, "team": f.teams[team].Id}); err != nil {
			return err
		}
	}
	return f.castRequesters(begin)
}

func (f *Filler) castRequesters(begin time.Time) error {
	for _, o := range organizations {
		org, err := f.save(collections.Organizations, begin, map[string]any{"name": o.name, "domains": []string{o.domain}, "shares_tickets": o.shares})
		if err != nil {
			return err
		}
		for i, name := range o.people {
			locale := "en"
			if strings.ContainsFunc(name, func(r rune) bool { return r > 0x3000 }) {
				locale = "zh"
			}
			r, err := f.save(collections.Requesters, begin, map[string]any{"name": name, "email": o.address(i), "organization": org.Id, "locale": locale,
				"vip": i == 0, "phone": fmt.Sprintf("+49 30 5550 %03d", len(f.people)+100)})
			if err != nil {
				return err
			}
			f.people = append(f.people, r)
		}
	}
	return nil
}

// act is one thing that happens to one ticket at one time.
type act struct {
	at time.Time
	do func(at time.Time) error
}

// play lets the stories happen in the order of time, so that the audit chain
// reads like a real desk's.
func (f *Filler) play(ctx context.Context) (int, error) {
	var acts []act
	for range ticketCount {
		acts = append(acts, f.story()...)
	}
	slices.SortStableFunc(acts, func(a, b act) int { return a.at.Compare(b.at) })
	for i, a := range acts {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if a.at.After(f.now) {
			break // still to come
		}
		if err := a.do(a.at); err != nil {
			return 0, err
		}
		f.progress(i+1, len(acts))
	}
	n, err := f.app.CountRecords(collections.Tickets)
	return int(n), err
}

func pick[T any](f *Filler, list []T) T { return list[f.rand.IntN(len(list))] }

// workTime is a random moment of a day between 7:30 and 18:00 local, with
// the rush of the morning.
func (f *Filler) workTime(day time.Time) time.Time {
	minutes := 450 + f.rand.IntN(630)
	if f.rand.IntN(3) > 0 {
		minutes = 480 + f.rand.IntN(210)
	}
	return day.Truncate(24 * time.Hour).Add(time.Duration(minutes)*time.Minute + time.Duration(f.rand.IntN(60))*time.Second)
}

// opening is when a ticket comes: on a work day, more of them lately.
func (f *Filler) opening() time.Time {
	for {
		ago := int(float64(days) * f.rand.Float64() * f.rand.Float64() * 1.6)
		at := f.workTime(f.now.AddDate(0, 0, -min(ago, days)))
		if d := at.Weekday(); d != time.Saturday && d != time.Sunday && at.Before(f.now) {
			return at
		}
	}
}

// story makes the acts of one ticket.
func (f *Filler) story() []act {
	s, who, at := pick(f, stories), pick(f, f.people), f.opening()
	fill := strings.NewReplacer("{device}", pick(f, devices), "{room}", pick(f, rooms), "{app}", pick(f, apps), "{name}", firstName(who.GetString("name")))
	t := &ticket{Filler: f, story: s, who: who, fill: fill}
	acts := []act{{at, t.open}}
	agent := pick(f, f.byTeam[s.team])
	if f.now.Sub(at) < 72*time.Hour && f.rand.IntN(5) < 2 {
		return acts // nobody looked yet
	}
	step := func(hours float64, do func(time.Time) error) {
		at = at.Add(time.Duration(hours * (0.3 + 1.4*f.rand.Float64()) * float64(time.Hour)))
		acts = append(acts, act{at, do})
	}
	step(0.5, func(at time.Time) error {
		return t.change(at, agent, map[string]any{"assignee": agent.Id, "state": string(itil.InProgress)})
	})
	if s.note != "" && f.rand.IntN(2) == 0 {
		step(0.3, func(at time.Time) error { return t.say(at, agent, collections.Internal, s.note) })
	}
	for i, line := range s.talk {
		if i%2 == 0 {
			step(1, func(at time.Time) error { return t.say(at, agent, collections.Public, line) })
			if i+1 < len(s.talk) && f.rand.IntN(3) == 0 {
				step(0.05, func(at time.Time) error {
					return t.change(at, agent, map[string]any{"state": string(itil.OnHold), "hold_reason": itil.AwaitingRequester})
				})
			}
		} else {
			step(4, func(at time.Time) error { return t.say(at, nil, collections.Public, line) })
		}
	}
	if f.rand.IntN(10) == 0 {
		return acts // left lying
	}
	if age := f.now.Sub(at); age > 0 && age < 10*24*time.Hour && f.rand.IntN(3) == 0 {
		step(1, func(at time.Time) error {
			return t.change(at, agent, map[string]any{"state": string(itil.OnHold), "hold_reason": pick(f, waits), "wake_at": f.now.AddDate(0, 0, 1+f.rand.IntN(6))})
		})
		return acts
	}
	step(3, func(at time.Time) error {
		return t.change(at, agent, map[string]any{"state": string(itil.Resolved), "resolution": fill.Replace(s.resolution), "resolution_code": s.code})
	})
	at = at.AddDate(0, 0, 8+f.rand.IntN(4)) // five business days and a weekend
	step(3, func(at time.Time) error { return t.change(at, nil, map[string]any{"state": string(itil.Closed)}) })
	return acts
}

// ticket is one story on its way.
type ticket struct {
	*Filler
	story story
	who   *core.Record
	fill  *strings.Replacer
	id    string
}

func (t *ticket) open(at time.Time) error {
	s := t.story
	t.by = t.who
	defer func() { t.by = nil }()
	r, err := t.save(collections.Tickets, at, map[string]any{"subject": t.fill.Replace(s.subject), "requester": t.who.Id, "channel": pick(t.Filler, openBy),
		"team": t.teams[s.team].Id, "category": t.categories[s.category].Id, "service": t.services[s.service].Id, "impact": s.impact, "urgency": s.urgency, "tags": s.tags})
	if err != nil {
		return err
	}
	t.id = r.Id
	return t.say(at, nil, collections.Public, s.text)
}

// say adds a message: the agent's, or the requester's for nil.
func (t *ticket) say(at time.Time, agent *core.Record, visibility, text string) error {
	m, err := collections.NewMessage(t.app, t.id)
	if err != nil {
		return err
	}
	s := t.stamp(at)
	m.Set("visibility", visibility)
	m.Set("text", t.fill.Replace(text))
	if agent != nil {
		m.Set("author_agent", agent.Id)
		s.Agent, s.Name = agent.Id, agent.GetString("name")
		m.Set("channel", collections.ChannelAgent)
	} else {
		m.Set("author_requester", t.who.Id)
		m.Set("author_address", t.who.Email())
		m.Set("inbound", true)
		m.Set("channel", collections.ChannelEmail)
		s.Requester, s.Name = t.who.Id, t.who.GetString("name")
	}
	collections.SetStamp(m.Record, s)
	if err := t.app.Save(m.Record); err != nil {
		return fmt.Errorf("message %q: %w", text, err)
	}
	return nil
}

func (t *ticket) change(at time.Time, agent *core.Record, values map[string]any) error {
	row, err := collections.FindTicket(t.app, t.id)
	if err != nil {
		return err
	}
	row.Load(values)
	s := t.stamp(at)
	if agent != nil {
		s.Agent, s.Name = agent.Id, agent.GetString("name")
	}
	collections.SetStamp(row.Record, s)
	if err := t.app.Save(row.Record); err != nil {
		return fmt.Errorf("change %s: %w", row.Key(), err)
	}
	return nil
}
