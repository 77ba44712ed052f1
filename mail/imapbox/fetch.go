package imapbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Small mails are read whole and stored several at a time, since most of the
// cost is the sync of the file; larger ones are streamed. Memory stays below
// storers * smallBytes. Both chosen.
const (
	smallBytes = 128 << 10
	storers    = 8
)

// fetch is a FETCH of bodies under way.
type fetch struct {
	wanted  map[imap.UID]entry
	lone    bool // one mail, by UID or sequence number, with the benefit of the doubt about its size
	command *imapclient.FetchCommand
	done    func() // ends the patience; nil if nothing was asked for

	stubs []mail.Receipt
}

var bodySection = &imap.FetchItemBodySection{Peek: true}

func bodyOptions() *imap.FetchOptions {
	return &imap.FetchOptions{UID: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{bodySection}}
}

// startFetch sends the FETCH for a chunk, without the mails that are too
// large: those become stubs.
func (w *Watcher) startFetch(s *session, chunk []entry) *fetch {
	f := &fetch{wanted: make(map[imap.UID]entry, len(chunk))}
	var uids []imap.UID
	for _, e := range chunk {
		if why := w.verdict(e); why != "" {
			f.stubs = append(f.stubs, w.stub(s, e, why))
			continue
		}
		f.wanted[e.uid] = e
		uids = append(uids, e.uid)
	}
	if len(uids) > 0 {
		f.done = s.wire.expect(s.cfg.Timing.Fetch, s.cfg.Timing.Longest)
		f.command = s.client.Fetch(imap.UIDSetNum(uids...), bodyOptions())
	}
	return f
}

// verdict says why a mail is not to be fetched, "" if it is.
func (w *Watcher) verdict(e entry) string {
	if e.size > w.Config.MaxBytes {
		return "too_large"
	}
	return w.suspect.verdict(e.uid, w.now())
}

func (w *Watcher) stub(s *session, e entry, why string) mail.Receipt {
	return mail.Receipt{
		Mailbox: w.Mailbox, UIDValidity: s.validity, UID: uint32(e.uid),
		ReceivedAt: w.dated(e), Stub: why, Size: max(e.size, w.suspect.announced(e.uid), 0),
	}
}

func (w *Watcher) dated(e entry) (at time.Time) {
	if e.date.IsZero() {
		return w.now().UTC()
	}
	return e.date.UTC()
}

// finishFetch reads the bodies into the vault and returns the receipts of
// those that came whole, and of the stubs. An error means that the connection
// is of no more use, and that nothing of the chunk may be committed: a body
// cut short looks whole until the command has ended. Source: MAIL.md §6
// trap 1.
func (w *Watcher) finishFetch(ctx context.Context, s *session, f *fetch) ([]mail.Receipt, error) {
	if f.command == nil {
		return f.stubs, nil
	}
	ended := false
	defer func() {
		if !ended { // a panic of the vault: let the library go, so that nothing of it remains
			s.close()
			go f.command.Close()
		}
	}()
	store := newStoring(ctx, w.Vault)
	err := w.readBodies(ctx, s, f, store)
	network := s.wire.networkFailed()
	if err != nil {
		s.close() // the rest is not worth waiting for
		if store.broken {
			// Close would read the literal once more, side by side with the
			// library, which goes on as soon as a literal has failed.
			<-s.client.Closed()
		}
	}
	closeErr := s.wire.explain(f.command.Close())
	ended = true
	f.done()
	stored, storeErr := store.wait()
	switch {
	case storeErr != nil:
		s.close()
		return nil, vaultTrouble(storeErr)
	case err == nil && closeErr != nil && !isAnswer(closeErr):
		err, network = closeErr, s.wire.networkFailed()
	}
	if err != nil {
		w.suspect.add(f, network, err, w.now())
		return nil, fmt.Errorf("fetch: %w", err)
	}
	return append(w.receipts(s, f, stored), f.stubs...), nil
}

// isAnswer says whether err is a NO or BAD, after which the connection lives.
// What came before it is good; what did not come is missing.
func isAnswer(err error) bool {
	_, ok := errors.AsType[*imap.Error](err)
	return ok
}

func (w *Watcher) receipts(s *session, f *fetch, stored map[imap.UID]mail.Stored) []mail.Receipt {
	receipts := make([]mail.Receipt, 0, len(stored)+len(f.stubs))
	for uid, kept := range stored {
		receipts = append(receipts, mail.Receipt{
			Mailbox: w.Mailbox, UIDValidity: s.validity, UID: uint32(uid),
			ReceivedAt: w.dated(f.wanted[uid]), Stored: kept, Size: kept.Size,
		})
	}
	return receipts
}

func (w *Watcher) readBodies(ctx context.Context, s *session, f *fetch, store *storing) error {
	for message := f.command.Next(); message != nil; message = f.command.Next() {
		if err := w.readBody(ctx, s, f, message, store); err != nil {
			return err
		}
	}
	return nil
}

// readBody reads one answer. An answer without a body of the right size is
// passed over: its mail is then missing, and asked for alone. In the answer
// to a sequence number the UID may come after the body (MAIL.md §6 trap 2), so
// there the receipt waits for it.
func (w *Watcher) readBody(ctx context.Context, s *session, f *fetch, message *imapclient.FetchMessageData, store *storing) error {
	var (
		uid  imap.UID
		held *mail.Stored
	)
	for item := message.Next(); item != nil; item = message.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil || !f.lone && !fits(f, uid, item.Literal.Size()) {
				continue
			}
			if size := item.Literal.Size(); size > w.Config.MaxBytes {
				return &oversize{size}
			}
			if !f.lone {
				if err := store.put(uid, item.Literal); err != nil {
					return s.wire.explain(err)
				}
				continue
			}
			kept, err := store.putNow(ctx, item.Literal)
			if err != nil {
				return s.wire.explain(err)
			}
			held = kept
		}
	}
	if _, ok := f.wanted[uid]; ok && held != nil {
		store.note(uid, *held)
	}
	return nil
}

// fits compares the size of a body with what the server said before. Some
// servers state RFC822.SIZE loosely; such a mail is fetched alone, where the
// literal itself decides.
func fits(f *fetch, uid imap.UID, size int64) bool {
	e, ok := f.wanted[uid]
	return ok && (e.size < 0 || e.size == size)
}

// storing puts bodies into the vault.
type storing struct {
	ctx   context.Context
	vault mail.Vault
	slots chan struct{}
	wg    sync.WaitGroup

	broken bool // a literal ended early

	mu     sync.Mutex
	stored map[imap.UID]mail.Stored
	err    error // the first error of the vault
}

func newStoring(ctx context.Context, vault mail.Vault) *storing {
	return &storing{ctx: ctx, vault: vault, slots: make(chan struct{}, storers), stored: make(map[imap.UID]mail.Stored)}
}

// put takes a body that must be of literal's size. The error is one of the
// connection; those of the vault are told by wait.
func (p *storing) put(uid imap.UID, literal imap.LiteralReader) error {
	if literal.Size() > smallBytes {
		kept, err := p.putNow(p.ctx, literal)
		if kept != nil {
			p.note(uid, *kept)
		}
		return err
	}
	var body bytes.Buffer
	body.Grow(int(literal.Size()) + bytes.MinRead)
	source := &whole{r: literal, left: literal.Size()}
	if _, err := body.ReadFrom(source); err != nil {
		p.broken = source.broken
		return err
	}
	p.slots <- struct{}{}
	p.wg.Go(func() {
		defer func() { <-p.slots }()
		defer p.recovered()
		kept, err := p.vault.Put(p.ctx, &body)
		if err != nil {
			p.failed(err)
			return
		}
		p.note(uid, kept)
	})
	return nil
}

// putNow streams a body and returns what the vault kept, nil if the vault
// failed.
func (p *storing) putNow(ctx context.Context, literal imap.LiteralReader) (*mail.Stored, error) {
	body := &whole{r: literal, left: literal.Size()}
	kept, err := p.vault.Put(ctx, body)
	switch {
	case body.err != nil:
		p.broken = body.broken
		return nil, body.err
	case err != nil:
		p.failed(err)
		return nil, err
	}
	return &kept, nil
}

func (p *storing) recovered() {
	if v := recover(); v != nil {
		p.failed(fmt.Errorf("vault panicked: %v", v))
	}
}

func (p *storing) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
}

func (p *storing) note(uid imap.UID, kept mail.Stored) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stored[uid] = kept
}

func (p *storing) wait() (map[imap.UID]mail.Stored, error) {
	p.wg.Wait()
	return p.stored, p.err
}

// whole reads a body that was announced with a length and turns an early end
// into io.ErrUnexpectedEOF, which the library does not. Source: MAIL.md §6
// trap 1.
type whole struct {
	r    io.Reader
	left int64
	err  error // of the connection, nil while all is well
	seen bool

	broken bool // r itself ended too early
}

// Read reads the body.
func (l *whole) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	l.left -= int64(n)
	l.broken = err != nil && l.left > 0
	if !l.seen && n > 0 {
		l.seen = true
		if fault := faults.At(faults.F03); fault != nil {
			err = fault
		}
	}
	switch {
	case err == io.EOF && l.left > 0:
		err = io.ErrUnexpectedEOF
	case err == io.EOF:
		if fault := faults.At(faults.F04); fault != nil {
			err = fault
		}
	}
	if err != nil && err != io.EOF {
		l.err = err
	}
	return n, err
}
