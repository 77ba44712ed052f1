package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const supportAddress = "support@example.test"

// letter is a mail of about 4 kB by the i-th of 500 people.
func letter(subject string, i int) string {
	body := strings.Repeat(seedText+"\r\n", 4)
	return strings.Join([]string{
		fmt.Sprintf("From: Person %d <person%d@writers.test>", i%500, i%500), "To: Support <" + supportAddress + ">", "Subject: " + subject,
		fmt.Sprintf("Message-ID: <%d.%d@writers.test>", time.Now().UnixNano(), i), "Date: " + time.Now().Format(time.RFC1123Z), "MIME-Version: 1.0",
		`Content-Type: multipart/alternative; boundary="b1"`, "", "--b1", "Content-Type: text/plain; charset=utf-8", "", body,
		"--b1", "Content-Type: text/html; charset=utf-8", "", "<html><body><p>" + body + "</p></body></html>", "--b1--", ""}, "\r\n")
}

// parcel is a mail with one attachment that makes it 30 MB long.
func parcel(subject string) string {
	line := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("0123456789abcdef", 4))[:57]) + "\r\n"
	file := strings.Repeat(line, 30_000_000/len(line))
	return strings.Join([]string{"From: Pat <pat@writers.test>", "To: Support <" + supportAddress + ">", "Subject: " + subject,
		fmt.Sprintf("Message-ID: <%d.parcel@writers.test>", time.Now().UnixNano()), "Date: " + time.Now().Format(time.RFC1123Z), "MIME-Version: 1.0",
		`Content-Type: multipart/mixed; boundary="b1"`, "", "--b1", "Content-Type: text/plain", "", "The file is with this.", "",
		"--b1", `Content-Type: application/octet-stream; name="disk.img"`, "Content-Transfer-Encoding: base64",
		`Content-Disposition: attachment; filename="disk.img"`, "", file + "--b1--", ""}, "\r\n")
}

// post is an open SMTP or LMTP connection.
type post struct{ *smtp.Client }

func dial(network func(net.Conn) *smtp.Client, address string) (post, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return post{}, err
	}
	return post{network(conn)}, nil
}

func (p post) send(raw string) error {
	if err := p.Mail("person@writers.test", nil); err != nil {
		return err
	}
	if err := p.Rcpt(supportAddress, nil); err != nil {
		return err
	}
	w, err := p.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return p.Reset() // the LMTP client keeps its recipients otherwise
}

// sendAll sends n mails over four connections.
func sendAll(ctx context.Context, network func(net.Conn) *smtp.Client, address string, n int) error {
	const connections = 4
	errs := make(chan error, connections)
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			p, err := dial(network, address)
			if err != nil {
				errs <- err
				return
			}
			defer p.Close() // nothing is left to say
			for i := c; i < n && ctx.Err() == nil; i += connections {
				if err := p.send(letter(fmt.Sprintf("Line %d of %s drops", i, address), i)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// sink is a mail server that takes what the desk sends and forgets it.
type sink struct{ smtp.Session }

func (sink) Mail(string, *smtp.MailOptions) error { return nil }
func (sink) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (sink) Data(r io.Reader) error               { _, err := io.Copy(io.Discard, r); return err }
func (sink) Reset()                               {}
func (sink) Logout() error                        { return nil }

// openSink answers the port of a sink and how to close it.
func openSink() (port int, end func() error, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return sink{}, nil }))
	s.Domain, s.EnableSMTPUTF8, s.MaxMessageBytes = "sink.test", true, 64<<20
	go func() { _ = s.Serve(l) }() // ends with the listener
	return l.Addr().(*net.TCPAddr).Port, s.Close, nil
}
