package mail_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/deskbell/deskbell/mail"
)

func TestBaseSubject(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"a plain subject stays", "Printer on fire", "Printer on fire"},
		{"one mark goes", "Re: Printer", "Printer"},
		{"marks of several languages go", "回复: SV: Odp: RE: Printer", "Printer"},
		{"a counter goes with its mark", "RE[2]: Re(3): Re^4: Printer", "Printer"},
		{"a fullwidth colon is a colon", "回复：答复：Printer", "Printer"},
		{"fullwidth letters are letters", "ＲＥ：Printer", "Printer"},
		{"right-to-left marks do not hide a mark", "\u200fהשב: \u200fرد: Printer", "Printer"},
		{"Russian", "Ответ: НА: Принтер", "Принтер"},
		{"Korean and Japanese", "답장: 返信: 転送: Printer", "Printer"},
		{"Turkish with a dotted capital", "YNT: İLT: Yazıcı", "Yazıcı"},
		{"blank before the colon", "Re : TR : Imprimante", "Imprimante"},
		{"a list tag stays, and what follows it", "Re: [staff] Re: Printer", "[staff] Re: Printer"},
		{"a word that is no mark stays", "Urgent: Re: Printer", "Urgent: Re: Printer"},
		{"a mark without text is nothing", "Re:", ""},
		{"a word that only begins like a mark stays", "Reset: all", "Reset: all"},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, mail.BaseSubject(tt.in)) })
	}
	for _, mark := range strings.Split("Re,RE[2],AW,WG,SV,VS,VB,Antw,Odp,PD,Rif,R,RV,ENC,TR,Fwd,FW,YNT,ILT,Ref,Ответ,На,回复,答复,转发,回覆,返信,転送,답장,השב,رد", ",") {
		assert.Equal(t, "x", mail.BaseSubject(mark+": x"), mark)
	}
}

func TestBaseSubjectIsLinear(t *testing.T) {
	start := time.Now()
	mail.BaseSubject(strings.Repeat("Re: ", 1<<18))
	mail.FindTag(strings.Repeat("[", 1<<20))
	assert.Less(t, time.Since(start), 5*time.Second)
}

func TestFindTag(t *testing.T) {
	tag := ring(t, 1, 7).Tag("INC-42", 42)
	for _, tt := range []struct {
		name, subject string
		want          int64 // 0: no tag
		keyed         bool
	}{
		{"our tag", "Re: " + tag + " Printer", 42, true},
		{"folded by a relay", strings.ReplaceAll(tag, " ", "\u00a0"), 42, true},
		{"upper case", strings.ToUpper(tag), 42, true},
		{"typed by hand", "[INC-42] Printer", 42, false},
		{"another desk's form", "[#42] Printer", 42, false},
		{"a list tag", "[staff] Printer", 0, false},
		{"no brackets", "INC-42 Printer", 0, false},
		{"leading zeros", "[INC-042]", 0, false},
		{"absurd number", "[INC-" + strings.Repeat("9", 30) + "]", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tags := mail.FindTag(tt.subject)
			if tt.want == 0 {
				assert.Empty(t, tags)
				return
			}
			if assert.Len(t, tags, 1) {
				assert.Equal(t, tt.want, tags[0].Number)
				assert.Equal(t, tt.keyed, tags[0].Key != "")
			}
		})
	}
}

func TestReplySubject(t *testing.T) {
	tag := ring(t, 1, 7).Tag("INC-42", 42)
	assert.Equal(t, "Re: "+tag+" Printer", mail.ReplySubject(tag, "Printer"))
	assert.Equal(t, "Re: "+tag+" Printer", mail.ReplySubject(tag, "AW: "+tag+" Re: Printer"), "the tag is not doubled")
	assert.Equal(t, "Re: "+tag+" [#12] Printer", mail.ReplySubject(tag, "Re: [#12] Printer"), "others' tags stay")
	assert.Equal(t, "Re: "+tag, mail.ReplySubject(tag, ""))
	o := answer()
	o.Subject = mail.ReplySubject(tag, "a\x00b\r\nBcc: x\u2028\x1b[31m\xff")
	assert.NotContains(t, compose(t, o), "\r\nBcc", "and a bad subject keeps no mail back")
}

func FuzzSubject(f *testing.F) {
	f.Add("Re: 回复： [INC-42 kaaaaaaaaaa] x")
	f.Add("RE[2]: \u200f[#7]\xff")
	f.Fuzz(func(t *testing.T, s string) {
		base := mail.BaseSubject(s)
		if again := mail.BaseSubject(base); again != base {
			t.Errorf("BaseSubject(%q) = %q, then %q", s, base, again)
		}
		if utf8.ValidString(s) && !utf8.ValidString(base) {
			t.Errorf("BaseSubject(%q) breaks a character", s)
		}
		for _, tag := range mail.FindTag(s) {
			if tag.Number <= 0 {
				t.Errorf("FindTag(%q) gives number %d", s, tag.Number)
			}
		}
	})
}
