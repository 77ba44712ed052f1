package imapbox

import (
	"context"
	"io"
	"maps"
	"slices"

	"github.com/deskbell/deskbell/mail"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Numbers is what a [mail.Ledger] offers that can tell a folder which was
// made anew with the same UIDVALIDITY. RFC 9051 §2.3.1.1 forbids that, and
// restored or simple servers do it: all mails up to the old high-water mark
// would never be seen.
type Numbers interface {
	// Newest gives the Message-IDs of the n largest UIDs whose mails have one.
	Newest(ctx context.Context, mailbox string, uidValidity uint32, n int) (map[uint32]string, error)
	// Retire takes the receipts out of the numbering: their UIDs mean other
	// mails from now on. What comes again is known by its content.
	Retire(ctx context.Context, mailbox string, uidValidity uint32) error
}

// samples is how many mails are compared on each connection; chosen.
const samples = 5

// checkNumbers retires the receipts of a folder whose UIDs went back, or where
// a UID that we know is another mail now.
func (w *Watcher) checkNumbers(ctx context.Context, s *session) error {
	ledger, ok := w.Ledger.(Numbers)
	if !ok {
		return nil
	}
	high, err := w.Ledger.HighWater(ctx, w.Mailbox, s.validity)
	if err != nil || high == 0 {
		return ledgerError(err)
	}
	anew := s.next != 0 && s.next <= high
	if !anew {
		ours, err := ledger.Newest(ctx, w.Mailbox, s.validity, samples)
		if err != nil || len(ours) == 0 {
			return ledgerError(err)
		}
		theirs, err := s.messageIDs(ctx, slices.Collect(maps.Keys(ours)))
		if err != nil {
			return err
		}
		for uid, id := range theirs {
			anew = anew || id != "" && ours[uid] != "" && ours[uid] != id
		}
	}
	if anew {
		return ledgerError(ledger.Retire(ctx, w.Mailbox, s.validity))
	}
	return nil
}

func ledgerError(err error) error {
	if err == nil {
		return nil
	}
	return ledgerTrouble(err)
}

// messageIDs asks for the Message-IDs of mails. Those that are not there, or
// have none, are left out.
func (s *session) messageIDs(ctx context.Context, uids []uint32) (ids map[uint32]string, err error) {
	section := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}}
	set := make(imap.UIDSet, 0, len(uids))
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	ids = map[uint32]string{}
	err = s.run(ctx, "fetch", func() error {
		command := s.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for message := command.Next(); message != nil; message = command.Next() {
			uid, id := idOf(message)
			ids[uint32(uid)] = id
		}
		return command.Close()
	})
	if isAnswer(err) {
		return nil, nil // it may refuse; then there is nothing to compare
	}
	return ids, err
}

// idOf reads one answer to the end.
func idOf(message *imapclient.FetchMessageData) (uid imap.UID, id string) {
	for item := message.Next(); item != nil; item = message.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataBodySection:
			if item.Literal != nil {
				digest := mail.NewDigest()
				_, _ = io.Copy(digest, io.LimitReader(item.Literal, 64<<10)) // Close tells of a broken connection
				id = digest.Sum().MessageID
			}
		}
	}
	return uid, id
}
