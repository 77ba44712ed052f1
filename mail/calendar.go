package mail

import (
	"io"
	"strings"
)

// maxEvent bounds what is read of a calendar part. Chosen.
const maxEvent = 256 << 10

// describeEvent makes one line of a calendar part.
func (c *content) describeEvent(p *mimePart) error {
	raw, err := io.ReadAll(io.LimitReader(p.body(c.r), maxEvent))
	if err != nil {
		return err
	}
	line := eventLine(decodeCharset(raw, p.charset(), "utf-8"), p.params["method"])
	for _, have := range c.events {
		if have == line {
			return nil
		}
	}
	if line != "" && len(c.events) < 10 {
		c.events = append(c.events, line)
	}
	return nil
}

// eventLine reads method, summary, start and place of the first event of an
// iCalendar text (RFC 5545).
func eventLine(ics, method string) string {
	ics = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "").Replace(ics)
	field := map[string]string{}
	inEvent := false
	for _, line := range strings.Split(ics, "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "BEGIN:VEVENT" || line == "BEGIN:VTODO" {
			inEvent = true
		} else if line == "END:VEVENT" || line == "END:VTODO" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		name, _, _ = strings.Cut(name, ";")
		if _, dup := field[name]; ok && !dup && (inEvent || name == "METHOD") {
			field[name] = strings.NewReplacer(`\n`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(strings.TrimSpace(value))
		}
	}
	if m := field["METHOD"]; m != "" {
		method = m
	}
	words := []string{}
	for _, w := range []string{field["SUMMARY"], eventTime(field["DTSTART"]), field["LOCATION"]} {
		if w = oneLine(w); w != "" {
			words = append(words, w)
		}
	}
	if !inEvent || len(words) == 0 {
		return ""
	}
	if method == "" {
		method = "PUBLISH"
	}
	return "[" + strings.ToUpper(oneLine(method)) + "] " + strings.Join(words, ", ")
}

// eventTime writes 20240501T100000Z as 2024-05-01 10:00 UTC.
func eventTime(s string) string {
	if len(s) < 8 {
		return ""
	}
	out := s[:4] + "-" + s[4:6] + "-" + s[6:8]
	if len(s) >= 13 && s[8] == 'T' {
		out += " " + s[9:11] + ":" + s[11:13]
		if strings.HasSuffix(s, "Z") {
			out += " UTC"
		}
	}
	return out
}
