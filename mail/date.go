package mail

import (
	"strconv"
	"strings"
	"time"
)

// parseDate reads a Date field in any order of its words, as old and odd
// mailers write it (RFC 5322 §4.3); zero if it cannot.
func parseDate(s string) time.Time {
	s = stripComments(s)
	if len(s) > 200 {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339, strings.TrimSpace(s)); err == nil {
		return t.UTC()
	}
	d := dateWords{zone: time.UTC}
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
		d.word(w)
	}
	if d.month == 0 || d.day < 1 || d.day > 31 || d.year == 0 {
		return time.Time{}
	}
	t := time.Date(d.year, d.month, d.day, d.hour, d.min, d.sec, 0, d.zone)
	if t.In(d.zone).Day() != d.day {
		return time.Time{} // 31 April
	}
	return t.UTC()
}

// dateWords is a date as far as it was read.
type dateWords struct {
	year           int
	month          time.Month
	day            int
	hour, min, sec int
	clock          bool
	zone           *time.Location
}

// word takes one word of a date.
func (d *dateWords) word(w string) {
	if rest := w[min(3, len(w)):]; d.clock && rest != "" && (rest[0] == '+' || rest[0] == '-') && zoneNamed(w[:3]) != nil {
		w = rest // GMT+0200
	}
	switch {
	case strings.Contains(w, ":") && !d.clock:
		d.time(w)
	case d.clock && (w[0] == '+' || w[0] == '-'):
		d.offset(w)
	case w[0] >= '0' && w[0] <= '9':
		if parts := strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '/' || r == '.' }); len(parts) == 3 {
			for _, p := range parts { // 1-May-2024, 2024-05-01
				d.word(p)
			}
			return
		}
		d.number(w)
	default:
		if m := monthNamed(w); m != 0 && d.month == 0 {
			d.month = m
		} else if z := zoneNamed(w); z != nil && d.clock {
			d.zone = z
		}
	}
}

// number is the day or the year; a second small number before a month was
// named is the month of a numeric date.
func (d *dateWords) number(w string) {
	n, err := strconv.Atoi(w)
	switch {
	case err != nil:
	case len(w) == 4 && n >= 1000:
		d.year = n
	case d.day == 0 && n <= 31 && (d.year == 0 || d.month != 0):
		d.day = n
	case d.month == 0 && n >= 1 && n <= 12:
		d.month = time.Month(n)
	case d.day == 0:
		d.day = n
	case d.year == 0 && n < 50:
		d.year = 2000 + n
	case d.year == 0 && n < 1000: // two digits, or years since 1900
		d.year = 1900 + n
	}
}

// time reads 15:04 or 15:04:05, fractions dropped.
func (d *dateWords) time(w string) {
	w, _, _ = strings.Cut(w, ".")
	parts := strings.Split(w, ":")
	if len(parts) > 3 {
		return
	}
	var v [3]int
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || n > 60 {
			return
		}
		v[i] = n
	}
	if v[0] <= 24 {
		d.hour, d.min, d.sec, d.clock = v[0], v[1], v[2], true
	}
}

// offset reads +0200, +02:00 and -600.
func (d *dateWords) offset(w string) {
	digits := strings.ReplaceAll(w[1:], ":", "")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > 2400 {
		return
	}
	if len(digits) <= 2 {
		n *= 100
	}
	secs := (n/100*60 + n%100) * 60
	if w[0] == '-' {
		secs = -secs
	}
	d.zone = time.FixedZone("", secs)
}

func monthNamed(w string) time.Month {
	if len(w) < 3 {
		return 0
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(w[:3]))
	if i < 0 || i%3 != 0 {
		return 0
	}
	return time.Month(i/3 + 1)
}

// zoneNamed knows the zones of RFC 822 and some that mailers add.
func zoneNamed(w string) *time.Location {
	hours, ok := map[string]int{
		"UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
		"BST": 1, "MET": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9,
	}[strings.ToUpper(w)]
	if !ok {
		return nil
	}
	return time.FixedZone("", hours*3600)
}
