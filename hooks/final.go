package hooks

import (
	"errors"

	"github.com/deskbell/deskbell/mail/relay"
)

// unreachable answers err if the server could not be reached or let nobody
// sign in, nil otherwise.
func unreachable(err error) error {
	var failed *relay.Error
	if errors.As(err, &failed) && failed.Stage == "connect" {
		return err
	}
	return nil
}

// final marks what the server refused for good.
func final(err error) error {
	var refused *relay.Error
	if errors.As(err, &refused) && !refused.Temporary {
		return &Permanent{err}
	}
	return err
}
