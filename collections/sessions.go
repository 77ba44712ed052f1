package collections

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/security"
)

// SessionClaim is the name under which a token carries its session. Tokens
// that are refreshed and file tokens keep the session of the token they were
// made from, so that one sign-out ends them all.
const SessionClaim = "sid"

// SessionOf names the session of a token, without checking the token. A token
// that carries none is a session of its own.
func SessionOf(token string) string {
	if token == "" {
		return ""
	}
	if claims, err := security.ParseUnverifiedJWT(token); err == nil {
		if sid, ok := claims[SessionClaim].(string); ok && sid != "" {
			return sid
		}
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Sessions knows the sessions that were ended before their tokens expired.
// It is read at every request, so it is kept in memory, and in the database
// for the next start.
type Sessions struct {
	mu    sync.RWMutex
	ended map[string]int64 // session -> Unix second after which its tokens are dead anyway
}

// NewSessions returns a list without entries; see [Sessions.Load].
func NewSessions() *Sessions { return &Sessions{ended: map[string]int64{}} }

// Load reads the list and drops what has expired.
func (s *Sessions) Load(app core.App, now time.Time) error {
	db := app.NonconcurrentDB()
	if _, err := db.NewQuery("DELETE FROM _ended_sessions WHERE until < {:now}").Bind(dbx.Params{"now": now.Unix()}).Execute(); err != nil {
		return fmt.Errorf("drop expired sessions: %w", err)
	}
	var rows []struct {
		ID    string `db:"id"`
		Until int64  `db:"until"`
	}
	if err := db.NewQuery("SELECT id, until FROM _ended_sessions").All(&rows); err != nil {
		return fmt.Errorf("read ended sessions: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = make(map[string]int64, len(rows))
	for _, r := range rows {
		s.ended[r.ID] = r.Until
	}
	return nil
}

// End ends a session at once and for good. until is the instant at which the
// last of its tokens expires.
func (s *Sessions) End(app core.App, session string, until time.Time) error {
	_, err := app.NonconcurrentDB().NewQuery("INSERT INTO _ended_sessions (id, until) VALUES ({:id}, {:until}) ON CONFLICT (id) DO UPDATE SET until = max(until, excluded.until)").
		Bind(dbx.Params{"id": session, "until": until.Unix()}).Execute()
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[session] = until.Unix()
	return nil
}

// Ended says whether a session was ended.
func (s *Sessions) Ended(session string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ended := s.ended[session]
	return ended
}

// buildHouse makes the table of ended sessions and takes from superusers
// what PocketBase offers by default and a desk does not need.
func buildHouse(app core.App) error {
	_, err := app.DB().NewQuery(`CREATE TABLE IF NOT EXISTS _ended_sessions (id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID`).Execute()
	if err != nil {
		return fmt.Errorf("make _ended_sessions: %w", err)
	}
	c, err := app.FindCollectionByNameOrId(core.CollectionNameSuperusers)
	if err != nil {
		return fmt.Errorf("find superusers: %w", err)
	}
	c.OTP.Enabled = false       // codes by mail are for requesters
	c.AuthAlert.Enabled = false // its mail would need a server before one is set up
	c.AuthToken.Duration = int64((12 * time.Hour).Seconds())
	if err := app.Save(c); err != nil {
		return fmt.Errorf("tighten superusers: %w", err)
	}
	return nil
}
