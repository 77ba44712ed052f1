package hooks

import (
	"strings"

	"github.com/pocketbase/pocketbase/core"
)

// connectTopic is what PocketBase's library subscribes to for itself.
const connectTopic = "PB_CONNECT"

// bindTopics refuses subscriptions to what the subscriber may not open. Each
// event is checked against the rules all the same.
func (d *Desk) bindTopics(app core.App) {
	on(app.OnRealtimeSubscribeRequest(), "topics.subscribe", func(e *core.RealtimeSubscribeRequestEvent) error {
		for _, topic := range e.Subscriptions {
			if err := checkTopic(e.RequestEvent, topic); err != nil {
				return err
			}
		}
		return e.Next()
	})
}

// checkTopic takes the records of a collection ("tickets/*") or one record
// ("tickets/ID"). All that is refused looks alike, and is not repeated in the
// answer.
func checkTopic(e *core.RequestEvent, topic string) error {
	path, raw, _ := strings.Cut(topic, "?")
	if path == connectTopic || path == "" {
		return nil
	}
	name, id, _ := strings.Cut(path, "/")
	c, err := e.App.FindCachedCollectionByNameOrId(name)
	if err != nil {
		return e.NotFoundError("", nil)
	}
	options, err := readTopicOptions(raw)
	if err != nil {
		return err
	}
	query, err := options.values()
	if err != nil {
		return err
	}
	if err := checkQuery(c.Name, e.Auth, query); err != nil {
		return err
	}
	if !mayFollow(e, c, id) {
		return e.NotFoundError("", nil)
	}
	return nil
}

// mayFollow says whether somebody may hear of a record now, or of a
// collection at all.
func mayFollow(e *core.RequestEvent, c *core.Collection, id string) bool {
	if e.HasSuperuserAuth() {
		return true
	}
	if id == "" || id == "*" {
		return c.ListRule != nil
	}
	r, err := e.App.FindRecordById(c, id)
	if err != nil || c.ViewRule == nil {
		return false
	}
	ok, err := e.App.CanAccessRecord(r, &core.RequestInfo{Context: core.RequestInfoContextRealtime, Method: "GET", Auth: e.Auth}, c.ViewRule)
	return err == nil && ok
}
