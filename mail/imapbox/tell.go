package imapbox

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/emersion/go-imap/v2"
)

// retell tells the server of mails whose receipts were committed before a
// crash, a lost connection or a refusal. All that is repeated is harmless:
// what is moved or flagged already stays so.
func (w *Watcher) retell(ctx context.Context, s *session) error {
	if !w.untold || w.now().Before(w.tellAfter) {
		return nil
	}
	uids, err := w.Ledger.Unsettled(ctx, w.Mailbox, s.validity)
	if err != nil {
		return ledgerTrouble(err)
	}
	w.untold, w.refusal = false, nil
	for part := range slices.Chunk(uids, windowLength) {
		if err := w.tell(ctx, s, part); err != nil {
			return err
		}
	}
	return nil
}

// tell lets the server know that the mails are ours and settles them. A
// refusal is no error: the receipts stand, the refusal is reported, and the
// server is asked again on the next connection or after a while.
func (w *Watcher) tell(ctx context.Context, s *session, uids []uint32) error {
	if len(uids) == 0 {
		return nil
	}
	if w.now().Before(w.tellAfter) {
		w.untold = true
		return nil
	}
	err := s.tell(ctx, uids)
	if isAnswer(err) {
		w.refusal = refusedTrouble(s.cfg.AfterFetch, err)
		w.untold, w.tellAfter = true, w.now().Add(tellAgain)
		w.report(State{Phase: Fetching, Idle: s.caps.Has(imap.CapIdle)})
		return nil
	}
	if err != nil {
		return err
	}
	if err := faults.At(faults.F11); err != nil {
		return err
	}
	return w.settle(ctx, s, uids)
}

func refusedTrouble(after AfterFetch, err error) *link.Trouble {
	t := &link.Trouble{Cure: "Give the user the right to change the folder, or choose to keep mails as they are.", Err: err}
	switch after {
	case Move:
		t.Code, t.Cause = "move_refused", "Mail comes in, but the mail server refuses to move it."
		t.Cure = "Check the target folder and its quota, or choose to keep mails as they are."
	case Delete:
		t.Code, t.Cause = "delete_refused", "Mail comes in, but the mail server refuses to delete it."
	default:
		t.Code, t.Cause = "seen_refused", "Mail comes in, but the mail server refuses to mark it as seen."
	}
	return t
}

// tell does on the server what is to become of the mails.
func (s *session) tell(ctx context.Context, uids []uint32) error {
	set := make(imap.UIDSet, 0, 1)
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	switch s.cfg.AfterFetch {
	case Seen:
		return s.flag(ctx, set, imap.FlagSeen)
	case Move:
		if err := faults.At(faults.F12); err != nil {
			return err
		}
		return s.move(ctx, set)
	case Delete:
		if err := s.flag(ctx, set, imap.FlagDeleted); err != nil {
			return err
		}
		return s.expunge(ctx, set)
	}
	return nil
}

func (s *session) flag(ctx context.Context, set imap.UIDSet, flag imap.Flag) error {
	return s.run(ctx, "store", func() error {
		change := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}
		return s.client.Store(set, change, nil).Close()
	})
}

// move moves by MOVE, or by COPY, STORE and EXPUNGE, each waited for: the
// library's own fallback expunges even when the copy was refused. A missing
// target folder is made.
func (s *session) move(ctx context.Context, set imap.UIDSet) error {
	if s.caps.Has(imap.CapMove) || s.caps.Has(imap.CapIMAP4rev2) {
		return s.toFolder(ctx, "move", func() error {
			_, err := s.client.Move(set, s.cfg.MoveTo).Wait()
			return err
		})
	}
	// What is flagged \Deleted was copied before a crash.
	flagged, err := s.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{set}, Flag: []imap.Flag{imap.FlagDeleted}})
	if err != nil {
		return err
	}
	there, err := s.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{set}})
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(there, func(uid imap.UID) bool { return slices.Contains(flagged, uid) })
	if len(left) > 0 {
		err := s.toFolder(ctx, "copy", func() error {
			_, err := s.client.Copy(imap.UIDSetNum(left...), s.cfg.MoveTo).Wait()
			return err
		})
		if err != nil {
			return err
		}
		if err := s.flag(ctx, imap.UIDSetNum(left...), imap.FlagDeleted); err != nil {
			return err
		}
	}
	return s.expunge(ctx, set)
}

// toFolder runs a MOVE or COPY, once more after making the target folder.
func (s *session) toFolder(ctx context.Context, what string, do func() error) error {
	err := s.run(ctx, what, do)
	answer, ok := errors.AsType[*imap.Error](err)
	if !ok || answer.Code != imap.ResponseCodeTryCreate {
		return err
	}
	if err := s.run(ctx, "create "+s.cfg.MoveTo, func() error { return s.client.Create(s.cfg.MoveTo, nil).Wait() }); err != nil {
		return err
	}
	return s.run(ctx, what, do)
}

// expunge removes the mails of the set. Without UIDPLUS a plain EXPUNGE would
// remove what other people flagged too, so it is used only when the flagged
// mails are exactly ours; otherwise ours stay flagged.
func (s *session) expunge(ctx context.Context, set imap.UIDSet) error {
	if err := faults.At(faults.F12); err != nil {
		return err
	}
	if s.caps.Has(imap.CapUIDPlus) || s.caps.Has(imap.CapIMAP4rev2) {
		return s.run(ctx, "expunge", func() error { return s.client.UIDExpunge(set).Close() })
	}
	flagged, err := s.search(ctx, &imap.SearchCriteria{Flag: []imap.Flag{imap.FlagDeleted}})
	if err != nil {
		return err
	}
	for _, uid := range flagged {
		if !set.Contains(uid) {
			return nil
		}
	}
	return s.run(ctx, "expunge", func() error { return s.client.Expunge().Close() })
}

func missingTrouble(uid imap.UID) *link.Trouble {
	return &link.Trouble{
		Code: "mail_missing", Temporary: true,
		Cause: "The mail server lists a mail but does not hand it over.",
		Cure:  "It is tried again; after three tries it is put aside and the others go on.",
		Err:   fmt.Errorf("uid %d", uid),
	}
}
