package imapbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail"
	"github.com/emersion/go-imap/v2"
)

// A mail that fails alone so often becomes a stub and lets the others pass.
// A broken connection proves little about the mail, so it counts only when
// the failures stretch over networkSpan as well. Source: DESIGN and MAIL.md §6
// trap 5; the span is chosen.
const (
	loneFailures = 3
	networkSpan  = 2 * time.Minute
)

// suspicion remembers over connections which mails stood in the way.
type suspicion struct {
	validity uint32   // UIDVALIDITY to which the UIDs belong
	upTo     imap.UID // mails up to here are fetched in shorter chunks
	chunk    int      // of this length: 1 after an answer that could not be read, ever halved after a broken connection
	alone    map[imap.UID]*record
}

// record is what is known of a mail that failed alone.
type record struct {
	failures int
	network  bool // each failure so far was one of the connection
	first    time.Time
	oversize int64 // announced length of the body, if that was refused
}

// add notes that a fetch ended the connection.
func (p *suspicion) add(f *fetch, network bool, err error, now time.Time) {
	if errors.Is(err, context.Canceled) {
		return
	}
	network = network || errors.Is(err, faults.ErrInjected)
	p.chunk = 1
	if network {
		p.chunk = max(1, len(f.wanted)/2)
	}
	for uid := range f.wanted {
		p.upTo = max(p.upTo, uid)
		if len(f.wanted) == 1 {
			p.failedAlone(uid, network, now, err)
		}
	}
}

func (p *suspicion) failedAlone(uid imap.UID, network bool, now time.Time, err error) {
	r := p.alone[uid]
	if r == nil {
		if p.alone == nil {
			p.alone = make(map[imap.UID]*record)
		}
		r = &record{network: true, first: now}
		p.alone[uid] = r
	}
	r.failures++
	r.network = r.network && network
	if over, ok := errors.AsType[*oversize](err); ok {
		r.oversize = over.size
	}
}

// announced is the length that was refused, 0 if none.
func (p *suspicion) announced(uid imap.UID) int64 {
	if r := p.alone[uid]; r != nil {
		return r.oversize
	}
	return 0
}

// verdict says why a mail is to be given up, "" if it is to be tried.
func (p *suspicion) verdict(uid imap.UID, now time.Time) string {
	r := p.alone[uid]
	switch {
	case r == nil:
		return ""
	case r.oversize > 0:
		return "too_large"
	case r.failures < loneFailures, r.network && now.Sub(r.first) < networkSpan:
		return ""
	}
	return "unfetchable"
}

// passed forgets what is behind us.
func (p *suspicion) passed(uid imap.UID) {
	for known := range p.alone {
		if known <= uid {
			delete(p.alone, known)
		}
	}
	if p.upTo <= uid {
		p.upTo = 0
	}
}

// completed asks alone for each mail of the chunk that did not come. A mail
// that is gone from the folder is passed; one that keeps failing becomes a
// stub. Source: MAIL.md §6 traps 2, 3 and 5.
func (w *Watcher) completed(ctx context.Context, s *session, chunk []entry, receipts []mail.Receipt) ([]mail.Receipt, error) {
	if len(receipts) == len(chunk) {
		return receipts, nil
	}
	for _, e := range chunk {
		if slices.ContainsFunc(receipts, func(r mail.Receipt) bool { return r.UID == uint32(e.uid) }) {
			continue
		}
		receipt, err := w.lone(ctx, s, e)
		if err != nil {
			return nil, err
		}
		if receipt != nil {
			receipts = append(receipts, *receipt)
		}
	}
	return receipts, nil
}

// lone gets one mail by itself: by UID, then by sequence number. It returns
// nil without an error if the mail is gone.
func (w *Watcher) lone(ctx context.Context, s *session, e entry) (*mail.Receipt, error) {
	there, err := s.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(e.uid)}})
	if err != nil {
		return nil, err
	}
	if !slices.Contains(there, e.uid) {
		return nil, nil
	}
	receipt, err := w.fetchLone(ctx, s, e, imap.UIDSetNum(e.uid))
	if receipt != nil || err != nil {
		return receipt, err
	}
	number, err := s.sequence(ctx, e.uid)
	if err != nil {
		return nil, err
	}
	if number != 0 {
		receipt, err = w.fetchLone(ctx, s, e, imap.SeqSetNum(number))
		if receipt != nil || err != nil {
			return receipt, err
		}
	}
	w.suspect.upTo, w.suspect.chunk = max(w.suspect.upTo, e.uid), 1
	w.suspect.failedAlone(e.uid, false, w.now(), nil)
	if why := w.suspect.verdict(e.uid, w.now()); why != "" {
		stub := w.stub(s, e, why)
		return &stub, nil
	}
	return nil, missingTrouble(e.uid)
}

func (w *Watcher) fetchLone(ctx context.Context, s *session, e entry, set imap.NumSet) (*mail.Receipt, error) {
	f := &fetch{wanted: map[imap.UID]entry{e.uid: e}, lone: true}
	f.done = s.wire.expect(s.cfg.Timing.Fetch, s.cfg.Timing.Longest)
	f.command = s.client.Fetch(set, bodyOptions())
	receipts, err := w.finishFetch(ctx, s, f)
	if err != nil || len(receipts) == 0 {
		return nil, err
	}
	return &receipts[0], nil
}

// sequence returns the number of a mail in the folder, 0 if it has none. It
// stays right until the next command that is no FETCH, STORE or SEARCH.
// Source: RFC 9051 §7.5.1.
func (s *session) sequence(ctx context.Context, uid imap.UID) (number uint32, err error) {
	err = s.run(ctx, "search", func() error {
		criteria := &imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uid)}}
		data, err := s.client.Search(criteria, nil).Wait()
		if err == nil && len(data.AllSeqNums()) == 1 {
			number = data.AllSeqNums()[0]
		}
		return err
	})
	return number, err
}
