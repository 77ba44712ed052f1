package collections

import "github.com/pocketbase/pocketbase/core"

// Role is who asks, as the policy sees them. Roles combine as bits.
type Role int

// The roles. A requester who shares an organisation counts as a participant
// where that organisation shares its tickets.
const (
	Anonymous   Role = 1 << iota // nobody is signed in
	Asker                        // the requester whose ticket, record or organisation it is
	Stranger                     // another requester
	Participant                  // a requester who takes part in the ticket
	Worker                       // an agent: the one named, where a row names one
	Outsider                     // an administrator outside the confidential ticket that the row belongs to
	Leader                       // a lead
	Admin                        // an administrator
	Super                        // a superuser, by the dashboard or the interface
)

// Roles lists the roles with their names.
func Roles() map[Role]string {
	return map[Role]string{Anonymous: "anonymous", Asker: "requester (own)", Stranger: "requester (foreign)", Participant: "participant",
		Worker: "agent", Outsider: "agent outside a confidential ticket", Leader: "lead", Admin: "admin", Super: "superuser"}
}

// Policy is one kind of row and who may do what with it. Whoever is not
// named gets the same answer as for a row that does not exist.
type Policy struct {
	Collection, Row                               string // Row tells kinds of rows of a collection apart
	List, View, Create, Update, Delete, Subscribe Role
}

// Policies is the whole policy of the records: a collection without a row
// here fails the tests, which are made from it (B1).
func Policies() []Policy {
	const (
		none   Role = 0
		admins      = Admin | Outsider | Super
		leads       = Leader | admins
		desk        = Worker | leads
		inside      = desk &^ Outsider
		people      = desk | Asker | Stranger | Participant
		ours        = inside | Asker | Participant
	)
	return []Policy{
		//                                list               view               create             update           delete           subscribe
		{Tickets, "a ticket", ours, ours, people, inside | Asker, none, ours},
		{Messages, "public", ours, ours, ours, inside, Worker | Super, ours},
		{Messages, "internal", inside, inside, inside, inside, none, inside},
		{Events, "of a ticket", inside, inside, none, none, none, inside},
		{Events, "of the settings", admins, admins, none, none, none, admins},
		{Notices, "of an agent", Worker | Super, Worker | Super, Super, Worker | Super, Worker | Super, Worker | Super},
		{Agents, "another agent", desk, desk, admins, admins, Super, desk},
		{Agents, "oneself", desk, desk, admins, Worker | admins, Super, desk},
		{Requesters, "a requester", desk | Asker, desk | Asker, desk, desk | Asker, Super, desk | Asker},
		{Organizations, "an organisation", desk | Asker, desk | Asker, leads, leads, admins, desk | Asker},
		{Teams, "a team", people, people, admins, admins, admins, people},
		{Services, "a service", people, people, admins, admins, admins, people},
		{Categories, "a category", people, people, admins, admins, admins, people},
		{HoldReasons, "a reason", people, people, admins, admins, admins, people},
		{ResolutionCodes, "a code", people, people, admins, admins, admins, people},
		{PriorityMatrix, "a cell", people, people, admins, admins, admins, people},
		{Statuses, "a status", people, people, admins, admins, admins, people},
		{Settings, "the settings", desk, desk, none, admins, none, desk},
		{Mailboxes, "a mailbox", admins, admins, admins, admins, admins, admins},
		{InboundMails, "of a ticket", Admin | Super, Admin | Super, Super, Super, Super, Admin | Super},
		{OutboundMails, "of a ticket", Admin | Super, Admin | Super, Super, Super, Super, Admin | Super},
		{core.CollectionNameSuperusers, "a superuser", Super, Super, Super, Super, Super, Super},
		{core.CollectionNameOTPs, "of a requester", Asker | Super, Asker | Super, Super, Super, Super, Asker | Super},
		{core.CollectionNameMFAs, "of a requester", Asker | Super, Asker | Super, Super, Super, Super, Asker | Super},
		{core.CollectionNameExternalAuths, "of a requester", Asker | Super, Asker | Super, Super, Super, Asker | Super, Asker | Super},
		{core.CollectionNameAuthOrigins, "of a requester", Asker | Super, Asker | Super, Super, Super, Asker | Super, Asker | Super},
	}
}

// System says whether PocketBase itself keeps the rows.
func (p Policy) System() bool { return p.Collection[0] == '_' }
