package notify

import (
	_ "embed" // the texts
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
)

// Name is one of the mails that the desk writes by itself.
type Name string

// The mails.
const (
	Acknowledgement Name = "acknowledgement"
	AssignedMail    Name = "assigned"
	RepliedMail     Name = "replied"
	SignInCode      Name = "sign_in_code"
	PasswordReset   Name = "password_reset"
)

// Values is what a template may name. There is no other way into a mail. A
// value is text, never markup.
type Values struct {
	Desk      string // the name of the help desk
	Key       string // the ticket's key, such as INC-42
	Tag       string // the keyed tag for the subject line; stands in for Key there if set
	Subject   string // of the ticket; leave it empty on a confidential one
	Person    string // who reads the mail
	Actor     string // who did what the mail tells of
	InPlaceOf string // whose notice it is, if the reader stands in
	Excerpt   string // the beginning of a reply; leave it empty on a confidential ticket
	Link      string // to the ticket, from [Link]; "" leaves the line out
	Code      string // one-time code
	Minutes   string // for how long the code holds
}

// fields are the placeholders: the whole list.
func (v Values) fields() map[string]string {
	return map[string]string{
		"desk": v.Desk, "key": v.Key, "tag": v.Tag, "subject": v.Subject, "person": v.Person, "actor": v.Actor,
		"in_place_of": v.InPlaceOf, "excerpt": v.Excerpt, "link": v.Link, "code": v.Code, "minutes": v.Minutes,
	}
}

// Template is a mail with placeholders like {{key}}. It has no logic: a
// paragraph that names an empty value is left out, and that is all.
type Template struct {
	Subject []string `json:"subject"` // the first line without an empty value is taken
	Body    []string `json:"body"`    // paragraphs
}

// Mail is a filled template.
type Mail struct {
	Subject string // one line
	Text    string
	HTML    string
}

//go:embed templates.json
var builtIn []byte

// Templates are the texts by language and name.
type Templates map[string]map[Name]Template

// ParseTemplates reads texts and checks that every placeholder is known and
// English is complete.
func ParseTemplates(source []byte) (Templates, error) {
	var t Templates
	if err := json.Unmarshal(source, &t); err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	for lang, mails := range t {
		for name, m := range mails {
			if err := m.check(); err != nil {
				return nil, fmt.Errorf("template %s/%s: %w", lang, name, err)
			}
		}
	}
	for _, name := range []Name{Acknowledgement, AssignedMail, RepliedMail, SignInCode, PasswordReset} {
		if _, ok := t["en"][name]; !ok {
			return nil, fmt.Errorf("template en/%s is missing", name)
		}
	}
	return t, nil
}

// BuiltIn returns the texts that come with the program.
func BuiltIn() (Templates, error) { return ParseTemplates(builtIn) }

var placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

func (t Template) check() error {
	known := Values{}.fields()
	for _, line := range append(append([]string{}, t.Subject...), t.Body...) {
		for _, m := range placeholder.FindAllStringSubmatch(line, -1) {
			if _, ok := known[m[1]]; !ok {
				return fmt.Errorf("placeholder %q is unknown", m[1])
			}
		}
	}
	if len(t.Subject) == 0 || len(t.Body) == 0 {
		return fmt.Errorf("subject or body is missing")
	}
	return nil
}

// Write fills the template of that name in the language of locale. The error
// says that there is none of that name.
//
// An acknowledgement takes nothing from v that a sender could have written
// (SECURITY-REQUIREMENTS C9): desk, key, tag and link only.
func (t Templates) Write(name Name, locale string, v Values) (Mail, error) {
	tmpl, ok := t[Language(locale)][name]
	if !ok {
		if tmpl, ok = t["en"][name]; !ok {
			return Mail{}, fmt.Errorf("no template %q", name)
		}
	}
	if name == Acknowledgement {
		v = Values{Desk: v.Desk, Key: v.Key, Tag: v.Tag, Link: v.Link}
	}
	return tmpl.fill(v), nil
}

func (t Template) fill(v Values) Mail {
	values := v.fields()
	if values["tag"] == "" && v.Key != "" {
		values["tag"] = "[" + v.Key + "]"
	}
	if Link(v.Link, "") == "" { // a wrong one must not become clickable
		values["link"] = ""
	}
	var m Mail
	for _, line := range t.Subject {
		if filled, ok := fillLine(line, values, oneLine); ok {
			m.Subject = strings.TrimSpace(filled)
			break
		}
	}
	var text, page []string
	for _, line := range t.Body {
		if filled, ok := fillLine(line, values, plainText); ok {
			text = append(text, filled)
			filled, _ = fillLine(html.EscapeString(line), values, markup)
			page = append(page, "<p dir=\"auto\">"+filled+"</p>")
		}
	}
	m.Text = strings.Join(text, "\n\n") + "\n"
	m.HTML = strings.Join(page, "\n")
	return m
}

// fillLine puts the values in, in a single pass: what a value holds is never
// looked at again. ok is false if one is empty.
func fillLine(line string, values map[string]string, escape func(name, value string) string) (filled string, ok bool) {
	ok = true
	filled = placeholder.ReplaceAllStringFunc(line, func(found string) string {
		name := placeholder.FindStringSubmatch(found)[1]
		value := strings.TrimSpace(values[name])
		ok = ok && value != ""
		return escape(name, value)
	})
	return filled, ok
}

// oneLine fits a value into a header.
func oneLine(_, value string) string {
	return strings.Join(strings.Fields(strings.Map(visible, value)), " ")
}

func plainText(_, value string) string { return strings.Map(visible, value) }

// markup fits a value into HTML; an address becomes a link to itself.
func markup(name, value string) string {
	value = strings.ReplaceAll(html.EscapeString(strings.Map(visible, value)), "\n", "<br>")
	if name == "link" {
		return `<a href="` + value + `">` + value + `</a>`
	}
	return value
}

// visible drops what could hide or turn around text; line ends stay.
func visible(r rune) rune {
	switch {
	case r == '\n':
		return r
	case r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029':
		return ' '
	case r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
		return -1
	}
	return r
}

// Language returns the language in which a person with that locale is written
// to: zh for every Chinese, en for all else.
func Language(locale string) string {
	lang, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(locale)), "_", "-"), "-")
	if lang == "zh" {
		return "zh"
	}
	return "en"
}

// Link returns the address of a page of the desk, "" unless public is an http
// or https URL of a host. No other source of an address may enter a mail
// (SECURITY-REQUIREMENTS F3). path is one of our own routes.
func Link(public, path string) string {
	u, err := url.Parse(strings.TrimSpace(public))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	u.RawQuery, u.Fragment, u.RawFragment = "", "", ""
	return u.JoinPath(path).String()
}
