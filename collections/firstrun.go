package collections

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/itil"
)

// FirstRun is what a new desk must know: its administrator, its organisation
// and its address.
type FirstRun struct {
	Name         string // of the administrator; "" takes the address
	Email        string
	Password     string
	Organization string // "" keeps the present name
	URL          string // public address; "" sets none
	Language     string // "en" or "zh"; "" keeps the present one
	Source       string // SourceUI or SourceCLI, for the audit chain
}

// minPassword is the shortest password of an administrator.
//
// Source: OWASP ASVS 5.0 §6.2.1 (at least 8, 15 recommended)
const minPassword = 8

// ErrSetUp says that the desk has an administrator already.
var ErrSetUp = errors.New("this desk is set up already")

// SetupNeeded says whether the desk has no administrator yet.
func SetupNeeded(app core.App) (bool, error) {
	n, err := app.CountRecords(Agents)
	if err != nil {
		return false, fmt.Errorf("count agents: %w", err)
	}
	return n == 0, nil
}

// Check refuses answers that cannot stand. The error is an [*itil.Refusal].
func (f FirstRun) Check() error {
	switch {
	case !plainAddress(f.Email):
		return refusal("email", "setup_email", "Enter the administrator's mail address, for example ada@example.com.")
	case utf8.RuneCountInString(f.Password) < minPassword:
		return refusal("password", "setup_password_short", fmt.Sprintf("The password needs at least %d characters.", minPassword))
	case len(f.Password) > 72:
		return refusal("password", "setup_password_long", "The password may have at most 72 bytes.")
	case f.URL != "" && !publicURL(f.URL):
		return refusal("url", "setup_url", "The address of the desk looks like https://desk.example.com, without a path.")
	case f.Language != "" && f.Language != "en" && f.Language != "zh":
		return refusal("language", "setup_language", "The language is en or zh.")
	}
	return nil
}

// Save makes the administrator an agent and a superuser with the same
// password, and stores organisation, address and language, all or nothing.
// The error is [ErrSetUp] if there is an agent already.
func (f FirstRun) Save(app core.App) error {
	if err := f.Check(); err != nil {
		return err
	}
	if f.Source == "" {
		f.Source = SourceCLI
	}
	return app.RunInTransaction(func(tx core.App) error {
		needed, err := SetupNeeded(tx)
		if err != nil {
			return err
		}
		if !needed {
			return ErrSetUp
		}
		return errors.Join(f.saveAgent(tx), f.saveSuperuser(tx), f.saveOrganization(tx), f.saveSettings(tx))
	})
}

func (f FirstRun) saveAgent(tx core.App) error {
	c, err := tx.FindCollectionByNameOrId(Agents)
	if err != nil {
		return fmt.Errorf("make the administrator: %w", err)
	}
	r := core.NewRecord(c)
	name := strings.TrimSpace(f.Name)
	if name == "" {
		name = f.Email
	}
	r.Load(map[string]any{"name": name, "role": RoleAdmin, "active": true, "locale": f.Language, "undo_s": DefaultUndo})
	r.SetEmail(f.Email)
	r.SetVerified(true)
	r.SetPassword(f.Password)
	if err := f.save(tx, r); err != nil {
		return fmt.Errorf("make the administrator: %w", err)
	}
	return nil
}

func (f FirstRun) saveSuperuser(tx core.App) error {
	c, err := tx.FindCollectionByNameOrId(core.CollectionNameSuperusers)
	if err != nil {
		return fmt.Errorf("make the superuser: %w", err)
	}
	r, err := tx.FindAuthRecordByEmail(c, f.Email)
	if err != nil {
		r = core.NewRecord(c)
		r.SetEmail(f.Email)
	}
	r.SetPassword(f.Password)
	if err := tx.Save(r); err != nil {
		return fmt.Errorf("make the superuser: %w", err)
	}
	return nil
}

func (f FirstRun) saveOrganization(tx core.App) error {
	name := strings.TrimSpace(f.Organization)
	if name == "" {
		return nil
	}
	c, err := tx.FindCollectionByNameOrId(Organizations)
	if err != nil {
		return fmt.Errorf("make the organisation: %w", err)
	}
	r := core.NewRecord(c)
	r.Set("name", name)
	if err := f.save(tx, r); err != nil {
		return fmt.Errorf("make the organisation: %w", err)
	}
	return nil
}

func (f FirstRun) saveSettings(tx core.App) error {
	s, err := FindSettings(tx)
	if err != nil {
		return fmt.Errorf("set the desk's address: %w", err)
	}
	for field, value := range map[string]string{"name": strings.TrimSpace(f.Organization), "public_url": strings.TrimRight(f.URL, "/"), "locale": f.Language} {
		if value != "" {
			s.Set(field, value)
		}
	}
	if err := f.save(tx, s.Record); err != nil {
		return fmt.Errorf("set the desk's address: %w", err)
	}
	return nil
}

func (f FirstRun) save(tx core.App, r *core.Record) error {
	SetStamp(r, Stamp{Source: f.Source, Name: "setup"})
	return tx.Save(r)
}

func plainAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && a.Name == ""
}

// publicURL takes an origin: scheme and host, no path, no user.
func publicURL(text string) bool {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.Path == "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

func refusal(field, code, sentence string) error {
	return &itil.Refusal{Field: field, Code: code, Message: sentence}
}
