package hooks

import (
	"errors"

	"github.com/deskbell/deskbell/mail/relay"
)

// final marks what the server refused for good.
func final(err error) error {
	var refused *relay.Error
	if errors.As(err, &refused) && !refused.Temporary {
		return &Permanent{err}
	}
	return err
}
