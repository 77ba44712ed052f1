package hooks

import (
	"encoding/json"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
)

// hint tells agents when a stranger named a ticket that is not theirs.
func (a *arrival) hint(tx core.App, t collections.Ticket) error {
	if a.decision.Hint == "" {
		return nil
	}
	m, err := collections.NewMessage(tx, t.Id)
	if err != nil {
		return err
	}
	why, err := json.Marshal(map[string]string{"hint": a.decision.Hint, "ticket": a.decision.HintThread})
	if err != nil {
		return err
	}
	m.Set("visibility", collections.Internal)
	m.Set("channel", collections.ChannelEmail)
	m.Set("flags", []string{collections.FlagHint})
	m.Set("text", hintText[a.decision.Hint])
	m.Set("thread_how", a.decision.Hint)
	m.Set("thread_why", string(why))
	collections.SetStamp(m.Record, collections.Stamp{Source: collections.SourceMail, Name: "Deskbell", At: a.now})
	return tx.Save(m.Record)
}

// hintText is what agents read; the screens translate it by its code.
var hintText = map[string]string{
	mail.HintStrangerTag:     "The subject names another ticket, but the sender takes no part in it. Check who wrote this before you merge.",
	mail.HintUnauthenticated: "This mail holds a valid reply token of another ticket, but its sender could not be authenticated.",
	mail.HintWrongKey:        "The subject names another ticket, but its key does not fit. If it belongs there, merge the two.",
}
