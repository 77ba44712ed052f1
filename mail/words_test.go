package mail_test

import (
	"testing"

	"github.com/deskbell/deskbell/mail"
	"github.com/stretchr/testify/assert"
)

func TestParseDecodesSubjects(t *testing.T) {
	for _, tt := range []struct{ name, raw, want string }{
		{"plain", "Hello", "Hello"},
		{"folded", "Hello\n  world", "Hello world"},
		{"Q word", "=?utf-8?Q?Gr=C3=BC=C3=9Fe_an_alle?=", "Grüße an alle"},
		{"B word", "=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"},
		{"adjacent words join without the blank", "=?utf-8?q?one?= =?utf-8?q?_two?=", "one two"},
		{"text between words keeps its blanks", "=?utf-8?q?one?= and =?utf-8?q?two?=", "one and two"},
		{"a character cut between two words", "=?utf-8?b?4g==?= =?utf-8?b?gqw=?=", "€"},
		{"a character cut between two Q words", "=?utf-8?q?=E2=82?= =?utf-8?q?=AC?=", "€"},
		{"base64 cut outside its quantum", "=?utf-8?b?R3L?= =?utf-8?b?DvMOfZQ==?=", "Grüße"},
		{"blanks inside a Q word", "=?utf-8?q?one two?=", "one two"},
		{"a question mark escaped", "=?utf-8?q?why=3F?=", "why?"},
		{"iso-8859-1 means windows-1252", "=?iso-8859-1?q?=80_5?=", "€ 5"},
		{"a language", "=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"},
		{"gb2312 means gb18030", "=?gb2312?B?tPLTobv6?=", "打印机"},
		{"iso-2022-jp", "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"},
		{"ks_c_5601-1987", "=?ks_c_5601-1987?B?x8G4sMXN?=", "프린터"},
		{"utf-7", "=?utf-7?q?+AOQ-?=", "ä"},
		{"an unknown charset", "=?x-nonsense?q?caf=E9?=", "café"},
		{"no end", "=?utf-8?q?open", "=?utf-8?q?open"},
		{"raw UTF-8", "Größe", "Größe"},
		{"raw windows-1252", "Gr\xf6\xdfe \x96 neu", "Größe – neu"},
		{"NUL and controls vanish", "a\x00b\x07c", "abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, parse(t, "Subject: "+tt.raw+"\n\nx\n").Subject)
		})
	}
}

func TestParseReadsRawHeadersInTheBodysCharset(t *testing.T) {
	m := parse(t, "Subject: \xd0\xd2\xc9\xce\xd4\xc5\xd2\nContent-Type: text/plain; charset=koi8-r\n\n\xd0\xd2\xc9\xce\xd4\xc5\xd2\n")
	assert.Equal(t, "принтер", m.Subject)
	assert.Equal(t, "принтер\n", m.Text)
}

func TestParseReadsAddresses(t *testing.T) {
	type list = []mail.Address
	for _, tt := range []struct {
		name, raw string
		want      list
	}{
		{"bare", "a@x.example", list{{Addr: "a@x.example"}}},
		{"case of the local part is kept", "Ann <Ann.Lee@X.example>", list{{Name: "Ann", Addr: "Ann.Lee@X.example"}}},
		{"quoted name with comma", `"Lee, Ann" <a@x.example>`, list{{Name: "Lee, Ann", Addr: "a@x.example"}}},
		{"encoded word in quotes", `"=?utf-8?q?J=C3=B6rg?=" <j@x.example>`, list{{Name: "Jörg", Addr: "j@x.example"}}},
		{"comment as name", "a@x.example (Ann Lee)", list{{Name: "Ann Lee", Addr: "a@x.example"}}},
		{"several", "a@x.example, B <b@x.example>,, c@x.example;", list{{Addr: "a@x.example"}, {Name: "B", Addr: "b@x.example"}, {Addr: "c@x.example"}}},
		{"group", "Team: a@x.example, b@x.example;", list{{Addr: "a@x.example"}, {Addr: "b@x.example"}}},
		{"empty group", "undisclosed-recipients:;", nil},
		{"no closing bracket", "Ann <a@x.example", list{{Name: "Ann", Addr: "a@x.example"}}},
		{"name without address", "Mail Delivery System", list{{Name: "Mail Delivery System"}}},
		{"mailto", "<mailto:a@x.example>", list{{Addr: "a@x.example"}}},
		{"source route", "<@relay.example:a@x.example>", list{{Addr: "a@x.example"}}},
		{"no domain", "root", list{{Name: "root"}}},
		{"international", "Ян <пост@пример.рф>", list{{Name: "Ян", Addr: "пост@пример.рф"}}},
		{"null", "<>", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, parse(t, "From: "+tt.raw+"\n\nx\n").From)
		})
	}
}

func TestParseReadsIDs(t *testing.T) {
	m := parse(t, "Message-ID: <a @x.example>\nIn-Reply-To: Your message of Monday <b@x.example>\nReferences: <c@x.example><d@x.example>\n\t<e@x.example>\n\nx\n")
	assert.Equal(t, "a@x.example", m.MessageID)
	assert.Equal(t, []string{"b@x.example"}, m.InReplyTo)
	assert.Equal(t, []string{"c@x.example", "d@x.example", "e@x.example"}, m.References)
	assert.Equal(t, "bare@x.example", parse(t, "Message-ID: bare@x.example\n\n").MessageID)
}

func TestParseNamesAttachments(t *testing.T) {
	for _, tt := range []struct{ name, fields, declared, want string }{
		{"disposition before type", "Content-Type: application/pdf; name=b.pdf\nContent-Disposition: attachment; filename=a.pdf", "a.pdf", "a.pdf"},
		{"type only", `Content-Type: application/pdf; name="my file.pdf"`, "my file.pdf", "my file.pdf"},
		{"RFC 2231 in pieces", "Content-Disposition: attachment; filename*1*=%C3%A4.pdf;\n filename*0*=utf-8''f%20", "f ä.pdf", "f ä.pdf"},
		{"RFC 2231 unencoded pieces", `Content-Disposition: attachment; filename*0="long-"; filename*1="name.pdf"`, "long-name.pdf", "long-name.pdf"},
		{"encoded word", `Content-Disposition: attachment; filename="=?utf-8?q?=C3=BCber.pdf?="`, "über.pdf", "über.pdf"},
		{"raw UTF-8", `Content-Disposition: attachment; filename="über.pdf"`, "über.pdf", "über.pdf"},
		{"no quotes", "Content-Disposition: attachment; filename=my file.pdf", "my file.pdf", "my file.pdf"},
		{"a path", "Content-Disposition: attachment; filename=\"../../etc/passwd\"", "../../etc/passwd", "passwd"},
		{"a Windows path", `Content-Disposition: attachment; filename="C:\\Temp\\a.txt"`, `C:\Temp\a.txt`, "a.txt"},
		{"bidi override", "Content-Disposition: attachment; filename=\"a\u202egpj.exe\"", "a\u202egpj.exe", "agpj.exe"},
		{"reserved", "Content-Disposition: attachment; filename=\"con.txt\"", "con.txt", "_con.txt"},
		{"characters of shells", "Content-Disposition: attachment; filename=\"a<b>|c?.txt\"", "a<b>|c?.txt", "a_b__c_.txt"},
		{"dots only", "Content-Disposition: attachment; filename=\"..\"", "..", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"+tt.fields+"\n\nx\n--b--\n")
			if assert.Len(t, m.Attachments, 1) {
				assert.Equal(t, tt.declared, m.Attachments[0].Declared)
				assert.Equal(t, tt.want, m.Attachments[0].Name)
			}
		})
	}
}
