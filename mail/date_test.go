package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestParseReadsDates(t *testing.T) {
	for _, tt := range []struct{ raw, want string }{
		{"Wed, 01 May 2024 10:00:00 +0200", "2024-05-01T08:00:00Z"},
		{"Wed, 1 May 2024 10:00 +0200 (CEST)", "2024-05-01T08:00:00Z"},
		{"1 May 24 10:00:00 GMT", "2024-05-01T10:00:00Z"},
		{"Thu, 30 Apr 1998 11:28:50 EDT", "1998-04-30T15:28:50Z"},
		{"Mon, 21 Aug 95 13:30:57 -600", "1995-08-21T19:30:57Z"},
		{"Mon,  2 Apr 101 04:20:10 CST", "2001-04-02T10:20:10Z"},
		{"Thu,29 Apr 2012 23:34:45 +0900", "2012-04-29T14:34:45Z"},
		{"Tue Apr 30 2019 10:00:00 GMT-0700", "2019-04-30T17:00:00Z"},
		{"Mon Jan  2 15:04:05 2006", "2006-01-02T15:04:05Z"},
		{"2024-05-01T10:00:00+02:00", "2024-05-01T08:00:00Z"},
		{"2024-05-01 10:00:00 +0200", "2024-05-01T08:00:00Z"},
		{"01-May-2024 10:00:00 Z", "2024-05-01T10:00:00Z"},
		{"yesterday", "0001-01-01T00:00:00Z"},
		{"31 Apr 2024 10:00:00 +0000", "0001-01-01T00:00:00Z"},
		{"", "0001-01-01T00:00:00Z"},
	} {
		t.Run(tt.raw, func(t *testing.T) {
			assert.Equal(t, tt.want, parse(t, "Date: "+tt.raw+"\n\nx\n").Date.Format(time.RFC3339))
		})
	}
}
