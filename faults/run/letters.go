package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/deskbell/deskbell/faults/check"
)

// sent is one copy of a letter on its way.
type sent struct {
	letter int // index into the letters
	raw    []byte
}

// post writes letters. The same seed writes the same ones.
type post struct {
	seed    uint64
	rng     *rand.Rand
	letters []check.Letter
	bodies  [][]byte // of each letter, for sending it again
	ids     []string
}

func newPost(seed uint64) *post {
	return &post{seed: seed, rng: rand.New(rand.NewPCG(seed, 7))}
}

// mix writes n mails in the mix of RELIABILITY-REQUIREMENTS R1: of a hundred,
// 10 are sent again, 5 have the Message-ID of another, 5 have none, 2 are
// poison; some are broken in ways that readers must bear.
func (p *post) mix(n int) []sent {
	var all []sent
	for range n {
		switch k := p.rng.IntN(100); {
		case k < 10 && len(p.letters) > 0:
			all = append(all, p.again(p.rng.IntN(len(p.letters))))
		case k < 15 && len(p.letters) > 0:
			all = append(all, p.write(letter{id: p.ids[p.rng.IntN(len(p.ids))]}))
		case k < 20:
			all = append(all, p.write(letter{noID: true}))
		case k < 22:
			all = append(all, p.write(letter{poison: []string{"panic", "error"}[p.rng.IntN(2)]}))
		case k < 27:
			all = append(all, p.write(letter{broken: true}))
		case k < 42:
			all = append(all, p.write(letter{files: 1 + p.rng.IntN(2)}))
		default:
			all = append(all, p.write(letter{}))
		}
	}
	return all
}

// letter is what is special about a mail.
type letter struct {
	id     string // Message-ID to use, "" for a new one
	noID   bool
	poison string // what the mail does to whoever reads it
	broken bool   // its last boundary is missing
	files  int
	size   int // bytes of the raw mail, 0 for what comes
	extra  string
	want   string
}

// write makes a new letter.
func (p *post) write(l letter) sent {
	n := len(p.letters)
	token := fmt.Sprintf("token-%d-%d-end", p.seed, n)
	id := l.id
	if id == "" {
		id = fmt.Sprintf("letter-%d-%d@example.org", p.seed, n)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Received: from mx.example.org by desk.test; Fri, 20 Nov 2026 10:00:%02d +0000\r\n", n%60)
	fmt.Fprintf(&b, "From: Person %d <person-%d-%d@example.org>\r\nTo: support@desk.test\r\nSubject: The printer of room %d\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n", n, p.seed, n, n)
	if !l.noID {
		fmt.Fprintf(&b, "Message-ID: <%s>\r\n", id)
	}
	if l.poison != "" {
		fmt.Fprintf(&b, "X-Deskbell-Fault: %s\r\n", l.poison)
	}
	b.WriteString(l.extra + "MIME-Version: 1.0\r\n")
	out := check.Letter{Token: token, Want: check.Ticketed, Opens: true, Number: n}
	if l.poison != "" {
		out.Want = check.Quarantined
	}
	if l.want != "" {
		out.Want = l.want
	}
	text := "The printer says nothing since this morning.\r\n" + token + "\r\nKind regards\r\n"
	if l.files == 0 && !l.broken {
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n" + text)
	} else {
		out.Files = p.parts(&b, text, l)
	}
	for line := strings.Repeat("padding ", 9) + "\r\n"; b.Len()+len(line) <= l.size; {
		b.WriteString(line)
	}
	for b.Len() < l.size {
		b.WriteByte('x')
	}
	p.letters, p.bodies, p.ids = append(p.letters, out), append(p.bodies, []byte(b.String())), append(p.ids, id)
	return sent{n, p.bodies[n]}
}

func (p *post) parts(b *strings.Builder, text string, l letter) (hashes []string) {
	b.WriteString("Content-Type: multipart/mixed; boundary=\"=_part\"\r\n\r\n--=_part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text)
	for i := range l.files {
		size := 100 + p.rng.IntN(20_000)
		if p.rng.IntN(20) == 0 {
			size = 1_500_000 // passes through a temporary file
		}
		data := make([]byte, size)
		for j := range data {
			data[j] = byte(p.rng.Uint32())
		}
		h := sha256.Sum256(data)
		hashes = append(hashes, hex.EncodeToString(h[:]))
		fmt.Fprintf(b, "\r\n--=_part\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"file%d.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", i)
		for coded := base64.StdEncoding.EncodeToString(data); len(coded) > 0; {
			k := min(76, len(coded))
			b.WriteString(coded[:k] + "\r\n")
			coded = coded[k:]
		}
	}
	if !l.broken {
		b.WriteString("\r\n--=_part--\r\n")
	}
	return hashes
}

// again sends a letter once more: as it was, or by another way, which leaves
// other traces in its header.
func (p *post) again(n int) sent {
	if p.rng.IntN(2) == 0 {
		return sent{n, p.bodies[n]}
	}
	return sent{n, append([]byte("Received: from elsewhere.example.org by mx.example.org; Fri, 20 Nov 2026 11:00:00 +0000\r\n"), p.bodies[n]...)}
}

// bounce writes the report that a mail of ours did not arrive.
func (p *post) bounce(original, to string) sent {
	n := len(p.letters)
	token := fmt.Sprintf("token-%d-%d-end", p.seed, n)
	status := "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; " + to + "\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown"
	returned := "Message-ID: <" + original + ">\r\nSubject: x"
	var b bytes.Buffer
	fmt.Fprintf(&b, "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@example.org>\r\nTo: support@desk.test\r\nSubject: Undelivered Mail Returned to Sender\r\n"+
		"Date: Fri, 20 Nov 2026 10:05:00 +0000\r\nMessage-ID: <bounce-%d-%d@example.org>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_r\"\r\n\r\n"+
		"--=_r\r\nContent-Type: text/plain\r\n\r\nYour mail was not delivered. %s\r\n"+
		"--=_r\r\nContent-Type: message/delivery-status\r\n\r\n%s\r\n"+
		"--=_r\r\nContent-Type: text/rfc822-headers\r\n\r\n%s\r\n--=_r--\r\n", p.seed, n, token, status, returned)
	p.letters = append(p.letters, check.Letter{Token: token, Want: check.Ticketed, Number: n, Files: []string{hashOf([]byte(status)), hashOf([]byte(returned))}})
	p.bodies, p.ids = append(p.bodies, b.Bytes()), append(p.ids, fmt.Sprintf("bounce-%d-%d@example.org", p.seed, n))
	return sent{n, b.Bytes()}
}

func hashOf(raw []byte) string {
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:])
}
