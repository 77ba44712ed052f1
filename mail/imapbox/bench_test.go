package imapbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail/imapbox"
)

// BenchmarkWatcher takes a backlog of 8 kB mails from a played server into a
// vault in memory, commit and \Seen included. Goal: 1 000 mails/s or more.
func BenchmarkWatcher(b *testing.B) {
	const mails = 5000
	f := &folder{validity: 1, bodies: map[int]string{}}
	for n := 1; n <= mails; n++ {
		f.bodies[n] = letter(n) + strings.Repeat(fmt.Sprintf("line %05d\r\n", n), 660)
	}
	port := play(b, f.serve)
	for b.Loop() {
		begin := time.Now()
		r := start(b, config(port))
		r.until("all mails", func(s imapbox.State) bool { return s.Phase == imapbox.Watching && s.Taken == mails })
		b.ReportMetric(mails/time.Since(begin).Seconds(), "mails/s")
		r.stop()
	}
}
