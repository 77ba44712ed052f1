package notify_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/notify"
)

func texts(t *testing.T) notify.Templates {
	t.Helper()
	tmpl, err := notify.BuiltIn()
	require.NoError(t, err)
	return tmpl
}

func write(t *testing.T, name notify.Name, locale string, v notify.Values) notify.Mail {
	t.Helper()
	m, err := texts(t).Write(name, locale, v)
	require.NoError(t, err)
	return m
}

func TestAcknowledgementHoldsNoWordOfTheSender(t *testing.T) {
	hostile := "BUY NOW http://evil.example"
	v := notify.Values{Desk: "IT help", Key: "INC-42", Tag: "[INC-42 kabc]", Link: "https://desk.example/incidents/42",
		Subject: hostile, Person: hostile, Actor: hostile, InPlaceOf: hostile, Excerpt: hostile, Code: hostile, Minutes: hostile}
	for _, locale := range []string{"en", "zh"} {
		m := write(t, notify.Acknowledgement, locale, v)
		all := m.Subject + m.Text + m.HTML
		assert.NotContains(t, all, "BUY")
		assert.NotContains(t, all, "evil")
		assert.Contains(t, m.Subject, "[INC-42 kabc]")
		assert.Contains(t, m.Text, "INC-42")
		assert.Contains(t, m.Text, v.Link)
		assert.Contains(t, m.HTML, `<a href="https://desk.example/incidents/42">`)
	}
}

func TestWithoutPublicURLNoMailHoldsALink(t *testing.T) {
	for _, public := range []string{"", "desk.example", "javascript:alert(1)", "ftp://desk.example", "https://u:p@desk.example", "http://"} {
		link := notify.Link(public, "/incidents/42")
		assert.Empty(t, link, public)
		for _, name := range []notify.Name{notify.Acknowledgement, notify.AssignedMail, notify.RepliedMail, notify.SignInCode, notify.PasswordReset} {
			for _, locale := range []string{"en", "zh"} {
				m := write(t, name, locale, notify.Values{Desk: "IT", Key: "INC-42", Code: "123456", Minutes: "15", Link: public})
				assert.NotContains(t, m.Text+m.HTML, "http")
				assert.NotContains(t, m.HTML, "href")
				assert.NotContains(t, m.Text, "follow")
			}
		}
	}
	assert.Equal(t, "http://127.0.0.1:8090/base/incidents/42", notify.Link("http://127.0.0.1:8090/base/?a=b#c", "/incidents/42"))
}

func TestValuesAreTextAndLookedAtOnce(t *testing.T) {
	v := notify.Values{Key: "INC-42", Subject: `</p><img src=x onerror=alert(1)> {{code}} {{.App}}`,
		Actor: "Eve\r\nBcc: victim@x.example", Code: "secret", Excerpt: "a\nb\u202e", Link: "https://desk.example/incidents/42"}
	m := write(t, notify.RepliedMail, "en", v)
	assert.NotContains(t, m.HTML, "<img")
	assert.Contains(t, m.HTML, "&lt;img src=x onerror=alert(1)&gt; {{code}} {{.App}}")
	assert.Contains(t, m.Text, "{{code}} {{.App}}")
	assert.NotContains(t, m.Text+m.HTML+m.Subject, "secret")
	assert.NotContains(t, m.Subject, "\n")
	assert.Contains(t, m.HTML, "a<br>b</p>")
	assert.NotContains(t, m.Text, "\u202e")
}

func TestEmptyValuesLeaveTheirParagraphOut(t *testing.T) {
	m := write(t, notify.AssignedMail, "en", notify.Values{Key: "INC-42"})
	assert.Equal(t, "[INC-42] Assigned to you", m.Subject)
	assert.Equal(t, "INC-42 is now assigned to you.\n", m.Text)
	assert.Equal(t, `<p dir="auto">INC-42 is now assigned to you.</p>`, m.HTML)
	m = write(t, notify.AssignedMail, "en", notify.Values{Key: "INC-42", Subject: "Printer", InPlaceOf: "Bob"})
	assert.Equal(t, "[INC-42] Assigned to you: Printer", m.Subject)
	assert.Contains(t, m.Text, "in place of Bob")
}

func TestTheLanguageIsThatOfThePerson(t *testing.T) {
	for locale, want := range map[string]string{"zh": "zh", "zh-CN": "zh", "zh_Hans_CN": "zh", "ZH-tw": "zh", "en": "en", "en-GB": "en", "de": "en", "": "en"} {
		assert.Equal(t, want, notify.Language(locale), locale)
	}
	v := notify.Values{Code: "123456", Minutes: "15", Desk: "IT"}
	assert.Equal(t, "123456 is your sign-in code for IT", write(t, notify.SignInCode, "fr", v).Subject)
	assert.Equal(t, "123456 是您登录 IT 的验证码", write(t, notify.SignInCode, "zh-CN", v).Subject)
}

func TestBothLanguagesNameTheSamePlaceholders(t *testing.T) {
	raw, err := os.ReadFile("templates.json")
	require.NoError(t, err)
	var all map[string]map[string]notify.Template
	require.NoError(t, json.Unmarshal(raw, &all))
	named := func(m notify.Template) []string {
		found := regexp.MustCompile(`\{\{\w+\}\}`).FindAllString(strings.Join(append(append([]string{}, m.Subject...), m.Body...), "\n"), -1)
		slices.Sort(found)
		return found
	}
	require.Len(t, all["zh"], len(all["en"]))
	for name, m := range all["en"] {
		assert.Equal(t, named(m), named(all["zh"][name]), name)
	}
}

func TestWrongTemplatesAreRefused(t *testing.T) {
	for name, source := range map[string]string{
		"not JSON":              `{`,
		"an unknown name":       `{"en":{"acknowledgement":{"subject":["{{.App}}"],"body":["x"]}}}`,
		"a mail without a body": `{"en":{"acknowledgement":{"subject":["x"]}}}`,
		"English is incomplete": `{"en":{"acknowledgement":{"subject":["x"],"body":["x"]}}}`,
	} {
		_, err := notify.ParseTemplates([]byte(source))
		assert.Error(t, err, name)
	}
	_, err := texts(t).Write("unknown", "en", notify.Values{})
	assert.Error(t, err)
}
