package mail

import (
	"net/mail"
	"strings"
	"time"
)

// parseDate reads a Date field, zero if it cannot.
func parseDate(s string) time.Time {
	s = strings.Join(strings.Fields(stripComments(s)), " ")
	if s == "" || len(s) > 100 {
		return time.Time{}
	}
	if t, err := mail.ParseDate(s); err == nil {
		return t.UTC()
	}
	if i := strings.Index(s, ", "); i >= 0 {
		s = s[i+2:]
	}
	for _, layout := range []string{
		"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04 -0700",
		"2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04:05 MST", "2 Jan 2006 15:04:05 GMT-0700", "2 January 2006 15:04:05 -0700",
		"Mon 2 Jan 2006 15:04:05 -0700", "Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006",
		"Jan 2, 2006 15:04:05 -0700", time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2006-01-02T15:04:05",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
