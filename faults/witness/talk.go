package witness

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// talk is one connection of an IMAP client.
type talk struct {
	server *IMAP
	conn   net.Conn
	news   chan struct{} // holds an element when mail arrived
	writes sync.Mutex
	frozen chan struct{} // closed when the connection may end; nil while it works; under IMAP.mu
}

func (t *talk) say(format string, args ...any) {
	t.writes.Lock()
	defer t.writes.Unlock()
	_ = t.conn.SetWriteDeadline(time.Now().Add(20 * time.Second)) // a client that does not read is no concern of ours
	fmt.Fprintf(t.conn, format+"\r\n", args...)
}

func (t *talk) run() {
	t.wait()
	t.say("* OK [CAPABILITY %s] witness", capabilities)
	lines := make(chan string)
	quit := make(chan struct{})
	defer close(quit)
	go func() {
		defer close(lines)
		for r := bufio.NewReader(t.conn); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			select {
			case lines <- strings.TrimRight(line, "\r\n"):
			case <-quit:
				return
			}
		}
	}()
	for line := range lines {
		t.wait()
		tag, command, _ := strings.Cut(line, " ")
		if !t.answer(tag, command, lines) {
			return
		}
	}
}

const capabilities = "IMAP4rev1 UIDPLUS MOVE IDLE SASL-IR AUTH=PLAIN AUTH=XOAUTH2"

// wait holds the answer back while the connection is frozen.
func (t *talk) wait() {
	t.server.mu.Lock()
	gate := t.frozen
	t.server.mu.Unlock()
	if gate != nil {
		<-gate
		t.conn.Close()
	}
}

// answer handles one command; false ends the connection.
func (t *talk) answer(tag, command string, lines <-chan string) bool {
	words := strings.Fields(strings.ToUpper(command))
	if len(words) == 0 {
		t.say("%s BAD empty", tag)
		return true
	}
	verb := words[0]
	if verb == "UID" && len(words) > 1 {
		verb += " " + words[1]
	}
	switch verb {
	case "CAPABILITY":
		t.say("* CAPABILITY " + capabilities)
	case "AUTHENTICATE":
		return t.authenticate(tag, command, lines)
	case "LOGIN":
		t.signed(tag, "LOGIN", strings.Trim(strings.Fields(command)[1], `"`), strings.Trim(strings.Fields(command)[2], `"`))
		return true
	case "SELECT", "EXAMINE":
		t.selected()
	case "UID SEARCH", "SEARCH":
		t.search(verb, words)
	case "UID FETCH", "FETCH":
		if !t.fetch(verb, words, command) {
			return false
		}
	case "UID STORE":
		t.store(words)
	case "UID MOVE":
		t.remove(tag, words[2], "moved", func(*Mail) bool { return true })
	case "UID EXPUNGE":
		t.remove(tag, words[2], "expunged", func(m *Mail) bool { return m.Deleted })
	case "IDLE":
		return t.idle(tag, lines)
	case "LOGOUT":
		t.say("* BYE\r\n%s OK bye", tag)
		return false
	}
	t.say("%s OK done", tag)
	return true
}

func (t *talk) authenticate(tag, command string, lines <-chan string) bool {
	words := strings.Fields(command)
	response := ""
	if len(words) > 2 {
		response = words[2]
	} else {
		t.say("+ ")
		var ok bool
		if response, ok = <-lines; !ok {
			return false
		}
	}
	raw, _ := base64.StdEncoding.DecodeString(response) // rubbish signs nobody in
	switch mechanism := strings.ToUpper(words[1]); mechanism {
	case "PLAIN":
		parts := strings.Split(string(raw), "\x00")
		if len(parts) == 3 {
			t.signed(tag, mechanism, parts[1], parts[2])
			return true
		}
	case "XOAUTH2":
		user, rest, _ := strings.Cut(strings.TrimPrefix(string(raw), "user="), "\x01")
		t.signed(tag, mechanism, user, strings.Trim(strings.TrimPrefix(rest, "auth=Bearer "), "\x01"))
		return true
	}
	t.say("%s BAD sign-in", tag)
	return true
}

func (t *talk) signed(tag, mechanism, user, secret string) {
	s := t.server
	s.mu.Lock()
	accept := s.accept
	ok := accept == nil || accept(mechanism, user, secret)
	if ok {
		s.logins++
	} else {
		s.refused++
	}
	s.mu.Unlock()
	if ok {
		t.say("%s OK [CAPABILITY %s] welcome", tag, capabilities)
	} else {
		t.say("%s NO [AUTHENTICATIONFAILED] wrong", tag)
	}
}

func (t *talk) selected() {
	s := t.server
	s.mu.Lock()
	defer s.mu.Unlock()
	t.say("* %d EXISTS", len(s.mails))
	t.say("* FLAGS (\\Seen \\Deleted)\r\n* OK [UIDVALIDITY %d] ok\r\n* OK [UIDNEXT %d] ok", s.validity, s.next)
}

func (t *talk) search(verb string, words []string) {
	s := t.server
	s.mu.Lock()
	defer s.mu.Unlock()
	set, flagged := "1:*", slices.Contains(words, "DELETED")
	if i := slices.Index(words, "UID"); i >= 0 && verb == "SEARCH" {
		set = words[i+1]
	} else if i := slices.Index(words[1:], "UID"); i >= 0 && verb == "UID SEARCH" {
		set = words[1+i+1]
	}
	var found strings.Builder
	for i, m := range s.mails {
		last := i == len(s.mails)-1 // n:* always holds the last one
		if flagged && !m.Deleted || !contains(set, m.UID) && !(last && strings.HasSuffix(set, "*")) {
			continue
		}
		if verb == "SEARCH" {
			fmt.Fprintf(&found, " %d", i+1)
		} else {
			fmt.Fprintf(&found, " %d", m.UID)
		}
	}
	t.say("* SEARCH%s", found.String())
}

// fetch answers with sizes or bodies; false ends the connection.
func (t *talk) fetch(verb string, words []string, command string) bool {
	type numbered struct {
		n int
		Mail
	}
	s := t.server
	s.mu.Lock()
	set := words[1]
	if verb == "UID FETCH" {
		set = words[2]
	}
	var wanted []numbered
	for i, m := range s.mails {
		if verb == "UID FETCH" && contains(set, m.UID) || verb == "FETCH" && contains(set, uint32(i+1)) {
			wanted = append(wanted, numbered{i + 1, *m})
		}
	}
	s.mu.Unlock()
	body := strings.Contains(strings.ToUpper(command), "BODY")
	for _, m := range wanted {
		if strings.Contains(strings.ToUpper(command), "HEADER.FIELDS") {
			t.messageID(m.n, m.Mail)
			continue
		}
		if !body {
			t.say(`* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE "01-Feb-2026 10:00:00 +0000")`, m.n, m.UID, len(m.Raw))
			continue
		}
		if !t.body(m.n, m.Mail) {
			return false
		}
	}
	return true
}

// messageID sends the header field alone.
func (t *talk) messageID(n int, m Mail) {
	field := ""
	for line := range strings.Lines(string(m.Raw[:min(len(m.Raw), 8<<10)])) {
		if strings.TrimSpace(line) == "" {
			break
		}
		if strings.HasPrefix(strings.ToLower(line), "message-id:") {
			field = line
		}
	}
	field += "\r\n"
	t.say("* %d FETCH (UID %d BODY[HEADER.FIELDS (MESSAGE-ID)] {%d}\r\n%s)", n, m.UID, len(field), field)
}

// body sends one mail, or a part of it where the run wants a cut.
func (t *talk) body(n int, m Mail) bool {
	s := t.server
	s.mu.Lock()
	cut := s.cuts > 0
	if cut {
		s.cuts--
	}
	at := min(s.cutAt, len(m.Raw))
	s.note("fetched", m.UID)
	s.mu.Unlock()
	length := int64(len(m.Raw))
	if m.Announce > 0 {
		length = m.Announce
	}
	t.writes.Lock()
	defer t.writes.Unlock()
	_ = t.conn.SetWriteDeadline(time.Now().Add(time.Minute)) // see say
	fmt.Fprintf(t.conn, "* %d FETCH (UID %d RFC822.SIZE %d BODY[] {%d}\r\n", n, m.UID, len(m.Raw), length)
	if cut {
		_, _ = t.conn.Write(m.Raw[:at]) // the connection ends here anyway
		return false
	}
	if _, err := t.conn.Write(m.Raw); err != nil {
		return false
	}
	for left := length - int64(len(m.Raw)); left > 0; { // what was announced beyond the mail
		k, err := t.conn.Write(make([]byte, min(left, 1<<20)))
		if err != nil {
			return false
		}
		left -= int64(k)
	}
	_, err := io.WriteString(t.conn, ")\r\n")
	return err == nil
}

func (t *talk) store(words []string) {
	s := t.server
	s.mu.Lock()
	defer s.mu.Unlock()
	flags := strings.Join(words[4:], " ")
	for _, m := range s.mails {
		if !contains(words[2], m.UID) {
			continue
		}
		if strings.Contains(flags, `\SEEN`) {
			m.Seen = true
			s.note("seen", m.UID)
		}
		if strings.Contains(flags, `\DELETED`) {
			m.Deleted = true
			s.note("deleted", m.UID)
		}
	}
}

func (t *talk) remove(tag, set, what string, goes func(*Mail) bool) {
	s := t.server
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []*Mail
	var gone []int
	for i, m := range s.mails {
		if contains(set, m.UID) && goes(m) {
			s.note(what, m.UID)
			gone = append(gone, i+1-len(gone))
			continue
		}
		left = append(left, m)
	}
	s.mails = left
	for _, n := range gone {
		t.say("* %d EXPUNGE", n)
	}
}

func (t *talk) idle(tag string, lines <-chan string) bool {
	t.say("+ idling")
	for {
		select {
		case line, ok := <-lines:
			t.wait()
			if ok && strings.EqualFold(line, "DONE") {
				t.say("%s OK idle", tag)
			}
			return ok
		case <-t.news:
			t.wait()
			t.server.mu.Lock()
			n := len(t.server.mails)
			t.server.mu.Unlock()
			t.say("* %d EXISTS", n)
		}
	}
}

// contains reads sets like 1:3,7,9:*.
func contains(set string, n uint32) bool {
	for part := range strings.SplitSeq(set, ",") {
		low, high, ranged := strings.Cut(part, ":")
		var a, b uint32
		_, _ = fmt.Sscan(low, &a) // rubbish matches nothing
		switch b = a; {
		case high == "*":
			b = 1<<32 - 1
		case ranged:
			_, _ = fmt.Sscan(high, &b) // see above
		}
		if a <= n && n <= b && a > 0 {
			return true
		}
	}
	return false
}
