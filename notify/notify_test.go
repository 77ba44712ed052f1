package notify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/deskbell/deskbell/notify"
)

var (
	now   = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	both  = notify.Channels{Mail: true, Screen: true}
	quiet = notify.Channels{}
	see   = notify.Channels{Screen: true}
)

func away(id, substitute string) notify.Person {
	return notify.Person{ID: id, Active: true, AwayUntil: now.Add(time.Hour), Substitute: substitute}
}

func here(id string) notify.Person { return notify.Person{ID: id, Active: true} }

func TestWho(t *testing.T) {
	switched := func(topic notify.Topic, c notify.Channels) notify.Person {
		p := here("ann")
		p.Switches = map[notify.Topic]notify.Channels{topic: c}
		return p
	}
	given := notify.Event{What: notify.Assignment, At: now, Actor: "lead", Assignee: "ann"}
	reply := notify.Event{What: notify.RequesterReply, At: now, Assignee: "ann", Team: []string{"ann", "bob", "lead"}}
	nobodys := notify.Event{What: notify.RequesterReply, At: now, Team: []string{"ann", "bob", "ann"}}
	for _, tt := range []struct {
		name   string
		e      notify.Event
		people []notify.Person
		want   []notify.Notice
	}{
		{"the new assignee hears by mail and on screen", given, []notify.Person{here("ann"), here("lead")},
			[]notify.Notice{{Person: "ann", Topic: notify.Assigned, Channels: both}}},
		{"who takes a ticket hears nothing", notify.Event{What: notify.Assignment, At: now, Actor: "ann", Assignee: "ann"}, []notify.Person{here("ann")}, nil},
		{"who takes a ticket while away alarms no substitute", notify.Event{What: notify.Assignment, At: now, Actor: "ann", Assignee: "ann"},
			[]notify.Person{away("ann", "bob"), here("bob")}, nil},
		{"mail can be switched off", given, []notify.Person{switched(notify.Assigned, see)},
			[]notify.Notice{{Person: "ann", Topic: notify.Assigned, Channels: see}}},
		{"everything can be switched off", given, []notify.Person{switched(notify.Assigned, quiet)}, nil},
		{"switches are one per topic", given, []notify.Person{switched(notify.Replied, quiet)},
			[]notify.Notice{{Person: "ann", Topic: notify.Assigned, Channels: both}}},
		{"a reply goes to the assignee alone", reply, []notify.Person{here("ann"), here("bob"), here("lead")},
			[]notify.Notice{{Person: "ann", Topic: notify.Replied, Channels: both}}},
		{"a reply on nobody's ticket shows to the team, once each", nobodys, []notify.Person{here("ann"), here("bob")},
			[]notify.Notice{{Person: "ann", Topic: notify.TeamReplied, Channels: see}, {Person: "bob", Topic: notify.TeamReplied, Channels: see}}},
		{"a ticket that comes to a team shows to the team", notify.Event{What: notify.Assignment, At: now, Actor: "bob", Team: []string{"ann", "bob"}},
			[]notify.Person{here("ann"), here("bob")}, []notify.Notice{{Person: "ann", Topic: notify.TeamAssigned, Channels: see}}},
		{"the substitute hears for who is away", given, []notify.Person{away("ann", "bob"), here("bob")},
			[]notify.Notice{{Person: "bob", Topic: notify.Assigned, Channels: both, For: "ann"}}},
		{"along the chain", given, []notify.Person{away("ann", "bob"), away("bob", "cy"), here("cy")},
			[]notify.Notice{{Person: "cy", Topic: notify.Assigned, Channels: both, For: "ann"}}},
		{"a ring of absences ends on the screen of the first", given, []notify.Person{away("ann", "bob"), away("bob", "ann")},
			[]notify.Notice{{Person: "ann", Topic: notify.Assigned, Channels: see}}},
		{"a substitute who did it hears nothing", notify.Event{What: notify.Assignment, At: now, Actor: "bob", Assignee: "ann"},
			[]notify.Person{away("ann", "bob"), here("bob")}, nil},
		{"a substitute who may not open the ticket is passed over", given, []notify.Person{away("ann", "bob")},
			[]notify.Notice{{Person: "ann", Topic: notify.Assigned, Channels: see}}},
		{"who is back hears again", given, []notify.Person{{ID: "ann", Active: true, AwayUntil: now, Substitute: "bob"}, here("bob")},
			[]notify.Notice{{Person: "ann", Topic: notify.Assigned, Channels: both}}},
		{"who left hears nothing, their substitute does", reply, []notify.Person{{ID: "ann", Substitute: "bob"}, here("bob")},
			[]notify.Notice{{Person: "bob", Topic: notify.Replied, Channels: both, For: "ann"}}},
		{"who left without substitute is silent", reply, []notify.Person{{ID: "ann"}}, nil},
		{"the away ones of a team are left alone", nobodys, []notify.Person{away("ann", "cy"), here("bob"), here("cy")},
			[]notify.Notice{{Person: "bob", Topic: notify.TeamReplied, Channels: see}}},
		{"a machine's mail shows on screen only", notify.Event{What: notify.RequesterReply, At: now, Assignee: "ann", Quiet: true},
			[]notify.Person{here("ann")}, []notify.Notice{{Person: "ann", Topic: notify.Replied, Channels: see}}},
		{"an unknown event is nobody's", notify.Event{What: "?", At: now, Assignee: "ann"}, []notify.Person{here("ann")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, notify.Who(tt.e, tt.people)) })
	}
}
