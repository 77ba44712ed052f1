// Package notify decides who hears of what, by which channel and in which
// words. It delivers nothing.
package notify

import "time"

// Topic is what people hear of; each is switched on and off by itself.
type Topic string

// The topics.
const (
	Assigned     Topic = "assigned"      // a ticket was given to you
	Replied      Topic = "replied"       // the requester wrote on a ticket of yours
	TeamReplied  Topic = "team_replied"  // the requester wrote on a ticket of your team that nobody has
	TeamAssigned Topic = "team_assigned" // a ticket came to your team, and nobody has it
)

// Topics lists all, in the order in which a settings page shows them.
func Topics() []Topic { return []Topic{Assigned, Replied, TeamAssigned, TeamReplied} }

// Channels says where a person hears of a topic.
type Channels struct {
	Mail   bool `json:"mail"`
	Screen bool `json:"screen"`
}

// Default is what a person hears who has switched nothing: of their own
// tickets everywhere, of the team's on the screen.
func Default(t Topic) Channels {
	return Channels{Mail: t == Assigned || t == Replied, Screen: true}
}

// Person is an agent as far as notices go.
type Person struct {
	ID         string
	Active     bool
	AwayUntil  time.Time // zero if present
	Substitute string    // id of the person who stands in, "" if nobody does
	Switches   map[Topic]Channels
}

// channels is what the person chose, or the default.
func (p Person) channels(t Topic) Channels {
	if c, ok := p.Switches[t]; ok {
		return c
	}
	return Default(t)
}

// here says whether notices reach the person.
func (p Person) here(now time.Time) bool { return p.Active && !now.Before(p.AwayUntil) }

// Event is what happened on a ticket.
type Event struct {
	What     Happening
	At       time.Time
	Actor    string   // id of the agent who did it, "" for a requester or a rule
	Assignee string   // id, "" if nobody has the ticket
	Team     []string // ids of the members of its team
	Quiet    bool     // the mail was a machine's, or sending is paused: screens only
}

// Happening is the kind of an [Event].
type Happening string

// What can happen.
const (
	Assignment     Happening = "assignment"      // team or assignee changed
	RequesterReply Happening = "requester_reply" // a public message of a requester arrived
)

// Notice tells one person of an event.
type Notice struct {
	Person   string
	Topic    Topic
	Channels Channels // at least one is set
	For      string   // id of the person in whose place it is, "" if their own
}

// Who returns the notices for an event, at most one for each person, in the
// order assignee, then team. Nobody hears of what they did themselves. In place of
// somebody who is inactive or away the substitute hears, along the chain of
// substitutes; a person who is away without any hears on the screen only. A
// notice goes by the switches of whoever gets it.
//
// people must hold only those who may open the ticket; ids that are not among
// them are passed over.
func Who(e Event, people []Person) []Notice {
	d := desk{at: e.At, people: make(map[string]Person, len(people))}
	for _, p := range people {
		d.people[p.ID] = p
	}
	var notices []Notice
	told := map[string]bool{e.Actor: true}
	for _, a := range e.audience() {
		n, ok := d.notice(a.id, a.topic)
		if !ok || told[n.Person] || a.id == e.Actor {
			continue
		}
		told[n.Person] = true
		if e.Quiet {
			n.Channels.Mail = false
		}
		if n.Channels != (Channels{}) {
			notices = append(notices, n)
		}
	}
	return notices
}

type listener struct {
	id    string
	topic Topic
}

// audience lists who is concerned: the assignee, or the team while there is
// none.
func (e Event) audience() []listener {
	own, team := Assigned, TeamAssigned
	switch e.What {
	case Assignment:
	case RequesterReply:
		own, team = Replied, TeamReplied
	default:
		return nil
	}
	if e.Assignee != "" {
		return []listener{{e.Assignee, own}}
	}
	var all []listener
	for _, id := range e.Team {
		all = append(all, listener{id, team})
	}
	return all
}

type desk struct {
	at     time.Time
	people map[string]Person
}

// notice finds who hears in place of id. Team notices have no substitutes: the
// rest of the team hears as well.
func (d desk) notice(id string, topic Topic) (Notice, bool) {
	p, known := d.people[id]
	switch {
	case !known:
		return Notice{}, false
	case p.here(d.at):
		return Notice{Person: id, Topic: topic, Channels: p.channels(topic)}, true
	case topic == TeamAssigned || topic == TeamReplied:
		return Notice{}, false
	}
	seen := map[string]bool{id: true}
	for next := p.Substitute; next != "" && !seen[next]; {
		seen[next] = true
		s, known := d.people[next]
		if !known {
			break
		}
		if s.here(d.at) {
			return Notice{Person: next, Topic: topic, Channels: s.channels(topic), For: id}, true
		}
		next = s.Substitute
	}
	screen := Channels{Screen: p.Active && p.channels(topic).Screen}
	return Notice{Person: id, Topic: topic, Channels: screen}, p.Active
}
