package imapbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/emersion/go-imap/v2"
)

// Sizes of the steps in which a backlog is taken.
const (
	windowLength = 500      // mails whose sizes are asked for at once; chosen
	chunkLength  = 50       // mails per FETCH, commit and STORE; MAIL.md §7
	chunkBytes   = 32 << 20 // a chunk with large mails is shorter, so that a lost connection costs less
	tellAgain    = 15 * time.Minute
)

// entry is a mail on the server that we do not have.
type entry struct {
	uid  imap.UID
	size int64 // RFC822.SIZE, -1 if the server did not say
	date time.Time
}

// catchUp takes everything above the high-water mark.
func (w *Watcher) catchUp(ctx context.Context, s *session) error {
	if !s.numbered {
		if err := w.checkNumbers(ctx, s); err != nil {
			return err
		}
		s.numbered = true
	}
	if err := w.retell(ctx, s); err != nil {
		return err
	}
	high, err := w.Ledger.HighWater(ctx, w.Mailbox, s.validity)
	if err != nil {
		return ledgerTrouble(err)
	}
	uids, err := s.above(ctx, imap.UID(high))
	if err != nil || len(uids) == 0 {
		return err
	}
	w.report(State{Phase: Fetching, Idle: s.caps.Has(imap.CapIdle)})
	for window := range slices.Chunk(uids, windowLength) {
		entries, err := w.sizes(ctx, s, window)
		if err != nil {
			return err
		}
		if err := w.takeAll(ctx, s, w.chunks(entries)); err != nil {
			return err
		}
	}
	return nil
}

// above lists the UIDs above high in ascending order. The server answers n:*
// with the last mail even if nothing is new. Source: MAIL.md §6 trap 8.
func (s *session) above(ctx context.Context, high imap.UID) ([]imap.UID, error) {
	if high == ^imap.UID(0) {
		return nil, nil
	}
	set := imap.UIDSet{{Start: high + 1, Stop: 0}}
	uids, err := s.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{set}})
	if err != nil {
		return nil, err
	}
	uids = slices.DeleteFunc(uids, func(uid imap.UID) bool { return uid <= high })
	slices.Sort(uids)
	return slices.Compact(uids), nil
}

// sizes asks for size and date of the listed mails. A mail that the answer
// leaves out keeps its place with an unknown size.
func (w *Watcher) sizes(ctx context.Context, s *session, uids []imap.UID) ([]entry, error) {
	defer s.watch(ctx)()
	defer s.wire.expect(s.cfg.Timing.Fetch, s.cfg.Timing.Longest)()
	entries := make([]entry, len(uids))
	for i, uid := range uids {
		entries[i] = entry{uid: uid, size: -1}
	}
	if w.listing == nothing {
		return entries, nil
	}
	options := &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: w.listing == sizesAndDates}
	command := s.client.Fetch(imap.UIDSetNum(uids...), options)
	for message := command.Next(); message != nil; message = command.Next() {
		got, err := message.Collect()
		if err != nil {
			break // Close says why
		}
		if i, ok := slices.BinarySearchFunc(entries, got.UID, compareUID); ok && got.RFC822Size > 0 {
			entries[i].size, entries[i].date = got.RFC822Size, got.InternalDate
		}
	}
	if err := command.Close(); err != nil && !isAnswer(err) {
		if !s.wire.networkFailed() {
			w.listing++
		}
		return nil, fmt.Errorf("list sizes: %w", s.wire.explain(err))
	}
	return entries, nil
}

func compareUID(e entry, uid imap.UID) int { return int(int64(e.uid) - int64(uid)) }

// chunks cuts a window into FETCH commands, shorter ones within reach of a
// failure.
func (w *Watcher) chunks(entries []entry) [][]entry {
	var (
		chunks [][]entry
		bytes  int64
	)
	for i, e := range entries {
		last, length := len(chunks)-1, chunkLength
		if i > 0 && chunks[last][0].uid <= w.suspect.upTo {
			length = w.suspect.chunk
		}
		fits := i > 0 && len(chunks[last]) < length && bytes+e.size <= chunkBytes
		if !fits {
			chunks, bytes = append(chunks, entries[i:i+1:i+1]), max(e.size, 0)
			continue
		}
		chunks[last] = append(chunks[last], e)
		bytes += max(e.size, 0)
	}
	return chunks
}

// takeAll takes the chunks in order. The FETCH of a chunk is sent before the
// receipts of the one before are committed, and the server is told of that one
// after the FETCH is read, so that disk, database and network work at once.
func (w *Watcher) takeAll(ctx context.Context, s *session, chunks [][]entry) error {
	if len(chunks) == 0 {
		return nil
	}
	defer s.watch(ctx)()
	var untold []uint32
	ahead := w.startFetch(s, chunks[0])
	for i := range chunks {
		receipts, err := w.finishFetch(ctx, s, ahead)
		if err != nil {
			return err
		}
		if err := w.tell(ctx, s, untold); err != nil {
			return err
		}
		if receipts, err = w.completed(ctx, s, chunks[i], receipts); err != nil {
			return err
		}
		if i+1 < len(chunks) {
			ahead = w.startFetch(s, chunks[i+1])
		}
		if untold, err = w.commit(ctx, s, receipts); err != nil {
			return err
		}
	}
	return w.tell(ctx, s, untold)
}

// commit writes the receipts and returns the UIDs of which the server is to
// be told. Stubs are not among them: these mails stay as they are.
func (w *Watcher) commit(ctx context.Context, s *session, receipts []mail.Receipt) ([]uint32, error) {
	if len(receipts) == 0 {
		return nil, nil
	}
	slices.SortFunc(receipts, func(a, b mail.Receipt) int { return int(int64(a.UID) - int64(b.UID)) })
	if err := w.Ledger.Commit(ctx, receipts); err != nil {
		return nil, ledgerTrouble(err)
	}
	w.taken += len(receipts)
	w.failures = 0 // mail comes in, so a broken connection is tried again soon
	w.suspect.passed(imap.UID(receipts[len(receipts)-1].UID))
	if err := faults.At(faults.F10); err != nil {
		return nil, err
	}
	var told, stubs []uint32
	for _, r := range receipts {
		if r.Stub == "" {
			told = append(told, r.UID)
		} else {
			stubs = append(stubs, r.UID)
		}
	}
	return told, w.settle(ctx, s, stubs)
}

func (w *Watcher) settle(ctx context.Context, s *session, uids []uint32) error {
	if len(uids) == 0 {
		return nil
	}
	if err := w.Ledger.Settle(ctx, w.Mailbox, s.validity, uids); err != nil {
		return ledgerTrouble(err)
	}
	return nil
}

func ledgerTrouble(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &link.Trouble{Code: "ledger_failed", Cause: "The database did not take the receipts, so the mails stay on the server.", Cure: "Look at the disk and the database of Deskbell.", Temporary: true, Err: err}
}

func vaultTrouble(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &link.Trouble{Code: "vault_failed", Cause: "A mail could not be written to disk, so it stays on the server.", Cure: "Look at the free space and the rights of the data folder.", Temporary: true, Err: err}
}
