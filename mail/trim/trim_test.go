package trim_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail/trim"
)

func TestTextDropsQuotesInEveryLanguage(t *testing.T) {
	for name, quote := range map[string]string{
		"English":              "On Tue, 4 Mar 2025 at 10:11, Help Desk <desk@example.org> wrote:",
		"English, US":          "On Mar 4, 2025, at 10:11 AM, Help Desk <desk@example.org> wrote:",
		"English, wrapped":     "On Tue, Mar 4, 2025 at 10:11 AM Help Desk with a Long Name\n<desk@example.org> wrote:",
		"English, three lines": "On Tue, Mar 4, 2025 at 10:11 AM Help Desk with a\nLong Name <\ndesk@example.org>\nwrote:",
		"English, in pieces":   "On Mar 4, 2025,\nat 10:11,\nHelp Desk <desk@example.org> wrote:",
		"Zoho":                 "---- On Tue, 04 Mar 2025 10:11:12 +0100 desk@example.org wrote ----",
		"old Gmail":            "2025-03-04 10:11 GMT+01:00 Help Desk <desk@example.org>:",
		"German":               "Am Di., 4. März 2025 um 10:11 Uhr schrieb Help Desk <desk@example.org>:",
		"German, Thunderbird":  "Am 04.03.25 um 10:11 schrieb Help Desk:",
		"German, wrapped":      "Help Desk <desk@example.org> schrieb am Di., 4.\nMärz 2025 um 10:11 Uhr:",
		"French":               "Le mar. 4 mars 2025 à 10:11, Help Desk <desk@example.org> a écrit :",
		"French, wrapped":      "Le 4 mars 2025 à 10:11, Help Desk <desk@example.org> a\nécrit :",
		"Spanish":              "El mar, 4 mar 2025 a las 10:11, Help Desk (<desk@example.org>) escribió:",
		"Italian":              "Il giorno mar 4 mar 2025 alle ore 10:11 Help Desk <desk@example.org> ha scritto:",
		"Portuguese":           "Em ter., 4 de mar. de 2025 às 10:11, Help Desk <desk@example.org> escreveu:",
		"Dutch":                "Op di 4 mrt 2025 om 10:11 schreef Help Desk <desk@example.org>:",
		"Dutch, Apple":         "Op 4 mrt. 2025, om 10:11 heeft Help Desk <desk@example.org> het volgende geschreven:",
		"Polish":               "W dniu 4.03.2025 o 10:11, Help Desk pisze:",
		"Polish, Gmail":        "wt., 4 mar 2025 o 10:11 Help Desk <desk@example.org> napisał(a):",
		"Russian":              "вт, 4 мар. 2025 г. в 10:11, Help Desk <desk@example.org>:",
		"Russian, Thunderbird": "04.03.2025 10:11, Help Desk пишет:",
		"Russian, Yandex":      "04.03.2025, 10:11, \"Help Desk\" <desk@example.org>:",
		"Ukrainian":            "вт, 4 бер. 2025 р. о 10:11 Help Desk <desk@example.org> пише:",
		"Swedish":              "Den tis 4 mars 2025 kl 10:11 skrev Help Desk <desk@example.org>:",
		"Danish":               "Den tirs. 4. mar. 2025 kl. 10.11 skrev Help Desk <desk@example.org>:",
		"Norwegian":            "tir. 4. mars 2025 kl. 10:11 skrev Help Desk <desk@example.org>:",
		"Finnish":              "ti 4. maalisk. 2025 klo 10.11 Help Desk (desk@example.org) kirjoitti:",
		"Czech":                "út 4. 3. 2025 v 10:11 odesílatel Help Desk <desk@example.org> napsal:",
		"Czech, Thunderbird":   "Dne 04. 03. 25 v 10:11 Help Desk napsal(a):",
		"Hungarian":            "Help Desk <desk@example.org> ezt írta (időpont: 2025. márc. 4., K, 10:11):",
		"Turkish":              "Help Desk <desk@example.org>, 4 Mar 2025 Sal, 10:11 tarihinde şunu yazdı:",
		"Greek":                "Στις Τρί 4 Μαρ 2025 στις 10:11 π.μ., ο χρήστης Help Desk <desk@example.org> έγραψε:",
		"Romanian":             "mar., 4 mar. 2025 la 10:11, Help Desk <desk@example.org> a scris:",
		"Vietnamese":           "Vào 10:11, Th 3, 4 thg 3, 2025 Help Desk <desk@example.org> đã viết:",
		"Chinese":              "Help Desk <desk@example.org> 于2025年3月4日周二 10:11写道：",
		"Chinese, Apple":       "在 2025年3月4日，上午10:11，Help Desk <desk@example.org> 写道：",
		"Chinese, Taiwan":      "Help Desk <desk@example.org> 於 2025年3月4日 週二 上午10:11寫道：",
		"Japanese":             "2025年3月4日(火) 10:11 Help Desk <desk@example.org>:",
		"Japanese, Apple":      "2025/03/04 10:11、Help Desk <desk@example.org>のメール:",
		"Korean":               "2025년 3월 4일 (화) 오전 10:11, Help Desk <desk@example.org>님이 작성:",
		"Hebrew":               "\u202bבתאריך יום ג׳, 4 במרץ 2025 ב-10:11 מאת \u202aHelp Desk\u202c\u200f <\u202adesk@example.org\u202c\u200f>:\u202c",
		"Arabic":               "في الثلاثاء، 4 مارس 2025 في 10:11 ص تمت كتابة ما يلي بواسطة Help Desk <desk@example.org>:",
		"Arabic, wrote":        "في 4/3/2025 10:11 ص، كتب Help Desk:",
		"Outlook":              "From: Help Desk <desk@example.org>\nSent: Tuesday, March 4, 2025 10:11 AM\nTo: Ann <ann@example.org>\nSubject: RE: Printer",
		"Outlook, bold":        "*From:* Help Desk <desk@example.org>\n*Sent:* Tuesday\n*To:* Ann\n*Subject:* RE: Printer",
		"Outlook, line":        "________________________________\nFrom: Help Desk <desk@example.org>\nSent: Tuesday, March 4, 2025 10:11 AM\nTo: Ann\nSubject: Printer",
		"Outlook, wrapped":     "From: Help Desk\n<desk@example.org>\nSent: Tuesday\nTo: Ann <ann@example.org>; Bob\n<bob@example.org>\nSubject: RE: Printer",
		"Outlook, German":      "Von: Help Desk <desk@example.org>\nGesendet: Dienstag, 4. März 2025 10:11\nAn: Ann\nBetreff: AW: Drucker",
		"Outlook, French":      "De : Help Desk\nEnvoyé : mardi 4 mars 2025 10:11\nÀ : Ann\nObjet : RE: Imprimante",
		"Outlook, Spanish":     "De: Help Desk\nEnviado el: martes, 4 de marzo de 2025 10:11\nPara: Ann\nAsunto: RE: x",
		"Outlook, Italian":     "Da: Help Desk\nInviato: martedì 4 marzo 2025 10:11\nA: Ann\nOggetto: R: x",
		"Outlook, Dutch":       "Van: Help Desk\nVerzonden: dinsdag 4 maart 2025 10:11\nAan: Ann\nOnderwerp: RE: x",
		"Outlook, Polish":      "Od: Help Desk\nWysłano: wtorek, 4 marca 2025 10:11\nDo: Ann\nTemat: RE: x",
		"Outlook, Swedish":     "Från: Help Desk\nSkickat: den 4 mars 2025 10:11\nTill: Ann\nÄmne: SV: x",
		"Outlook, Danish":      "Fra: Help Desk\nSendt: 4. marts 2025 10:11\nTil: Ann\nEmne: SV: x",
		"Outlook, Finnish":     "Lähettäjä: Help Desk\nLähetetty: tiistai 4. maaliskuuta 2025\nVastaanottaja: Ann\nAihe: VS: x",
		"Outlook, Russian":     "От: Help Desk\nОтправлено: 4 марта 2025 г. 10:11\nКому: Ann\nТема: RE: x",
		"Outlook, Chinese":     "发件人: Help Desk\n发送时间: 2025年3月4日 10:11\n收件人: Ann\n主题: 回复: x",
		"Outlook, Japanese":    "差出人: Help Desk\n送信日時: 2025年3月4日 10:11\n宛先: Ann\n件名: RE: x",
		"Original Message":     "-----Original Message-----\nFrom: Help Desk",
		"Original, German":     "-----Ursprüngliche Nachricht-----",
		"Original, French":     "-------- Message d’origine --------",
		"Original, Spanish":    "-----Mensaje original-----",
		"Original, Italian":    "-----Messaggio originale-----",
		"Original, Russian":    "-----Исходное сообщение-----",
		"Original, Chinese":    "------------------ 原始邮件 ------------------",
		"our own mark":         "--- Please reply above this line ---",
	} {
		t.Run(name, func(t *testing.T) {
			const said, asked = "It prints again, thank you.\nAnn", "Does it print now?"
			bare := trim.Text(said + "\n\n" + quote + "\n\n" + asked + "\n")
			assert.Equal(t, said, bare.Reply, "without marks")
			assert.Contains(t, bare.Rest, asked)
			assert.True(t, bare.Quoted)
			assert.Equal(t, said, trim.Text(said+"\n"+quote+"\n> "+asked+"\n").Reply, "with marks")
			assert.Equal(t, said, trim.Text(quote+"\n> "+asked+"\n\n"+said).Reply, "answered below")
		})
	}
}

func TestTextKeepsContent(t *testing.T) {
	for _, tt := range []struct{ name, in string }{
		{"plain words", "Hello,\n\nmy printer is broken.\n\nAnn"},
		{"answers between quotes", "On Tue, 4 Mar 2025 at 10:11, Bob wrote:\n> Is it on?\n\nYes.\n\n> Is it red?\n\nNo."},
		{"a forwarded mail", "FYI\n\n---------- Forwarded message ----------\nFrom: a@example.org\nDate: Tue\nSubject: x\n\n> old\n\n--\nx"},
		{"a forwarded mail, German", "Bitte prüfen.\n\n-------- Weitergeleitete Nachricht --------\nBetreff: \tx\nDatum: \theute\nVon: \tBob"},
		{"a forwarded mail alone", "Begin forwarded message:\n\nFrom: a@example.org\n\nText"},
		{"quotes when nothing else remains", "> one\n> two"},
		{"a header when nothing else remains", "From: a@example.org\nSent: Tuesday\nTo: b@example.org\nSubject: x\n\nText"},
		{"a quote that is answered", "> Is it on?\n\nYes, it is."},
		{"a sentence that begins like an attribution", "On Monday the 4th I wrote a ticket: nothing happened.\nPlease help."},
		{"a date and a colon", "On 4 March 2025 at 10:11 I see:\nError 17\nWhat now?"},
		{"a list with dashes", "We need\n-- one mouse\n-- two screens\nThanks"},
		{"a table ruled with dashes", "Name\n----\nprinter one does not print any more\n----\nprinter two works"},
		{"code", "Run this:\n```\n> x <- 1\n--\nOn 4 Mar 2025 at 10:11 a <a@b.de> wrote:\n```\nIt fails."},
		{"From and To in a request", "Please move the licence\nFrom: Alice\nTo: Bob\nThanks"},
		{"a long sentence about sending", "Sent from our warehouse in Hamburg yesterday, the parcel should be with you soon."},
		{"a sentence about a desk", "It works now.\n\nSent from my desk, that is much easier than with a phone in hand."},
		{"a sentence about confidential data", "The folder is confidential, please fix its rights."},
		{"only a signature", "--\nAnn\nTel. 123"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, trim.Result{Reply: tt.in, ReplyText: tt.in}, trim.Text(tt.in))
		})
	}
}

func TestTextDropsSignatures(t *testing.T) {
	for _, tail := range []string{
		"-- \nAnn Miller\nACME", "--\nAnn", "__\nlist@example.org", "________________\nAnn Miller\nTel. +49 30 1234567\nwww.example.org",
		"Sent from my iPhone", "Sent from Outlook for iOS", "Get Outlook for Android<https://aka.ms/x>", "Von meinem iPhone gesendet", "Gesendet mit der GMX Mail App",
		"Holen Sie sich Outlook für iOS", "Envoyé de mon iPhone", "Obtenez Outlook pour iOS", "Enviado desde mi iPhone", "Obtener Outlook para Android",
		"Inviato da iPhone", "Enviado do meu iPhone", "Verzonden vanaf mijn iPhone", "Wysłane z iPhone'a", "Отправлено с iPhone", "Отправлено из мобильной Почты Mail.ru",
		"Skickat från min iPhone", "Sendt fra min iPhone", "Lähetetty iPhonesta", "Odesláno z iPhonu", "iPhone'umdan gönderildi", "发自我的iPhone",
		"從我的 iPhone 傳送", "iPhoneから送信", "나의 iPhone에서 보냄", "נשלח מה-iPhone שלי", "أرسلت من iPhone", "Gửi từ iPhone của tôi", "Trimis de pe iPhone",
		"This e-mail and any attachments are confidential and intended solely for the addressee.\nIf you are not the intended recipient, delete it.",
		"Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat sind, löschen Sie sie.",
		"Ce message est confidentiel et réservé à l'usage exclusif de ses destinataires désignés.",
	} {
		t.Run(tail, func(t *testing.T) {
			got := trim.Text("It works.\n\n" + tail + "\n")
			assert.Equal(t, "It works.", got.Reply)
			assert.Equal(t, strings.TrimSpace(tail), strings.TrimSpace(got.Rest))
		})
	}
}

func TestTextDividesALineThatHoldsBoth(t *testing.T) {
	got := trim.Text("Yes, done. On Wed, Apr 4, 2012 at 3:59 PM, bob@example.org wrote:\n> Hi")
	assert.Equal(t, "Yes, done.", got.Reply)
	assert.Equal(t, " On Wed, Apr 4, 2012 at 3:59 PM, bob@example.org wrote:\n> Hi", got.Rest)
}

// sane only catches what is not linear: a square of 1 MiB takes hours, and
// the machine that runs the tests may be busy. Speed is measured in bench.
const sane = 20 * time.Second

func TestTextTakesLinearTime(t *testing.T) {
	for _, unit := range []string{"> \n", "\n", "a\n", "a:\n", "wrote:\n", "> a\nb\n", "> a\n---\n", "--\n", "---\n\n", "Sent from my iPhone\n", "From: a\n", "From: a\n\n",
		"On 1 Jan 2014, a wrote:\n", "On 1 Jan 2014, a wrote:\n> b\nc\n", "x On 1 Jan 2014, a wrote:\n", "```\n", "<\n\n", "a@b 10:11 ", "> wrote:\n", "| a\n", "à", "confidential notice\n\n"} {
		begun := time.Now()
		trim.Text(strings.Repeat(unit, 1<<20/len(unit)))
		assert.Less(t, time.Since(begun), sane, "1 MiB of %q", unit)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a\n\nOn 1 Jan 2014, b <c@d.e> wrote:\n> f\n", "a\n--\nb", "> a\n\nb\n> c", "x On Wed, Apr 4, 2012 at 3:59 PM, b@c.de wrote:\n> y",
		"-----Original Message-----\nFrom: a\nTo: b", "---------- Forwarded message ---------\nFrom: a", "a\r\n\r\nSent from my x\r\n", "```\n> a\n```", "<\nmailto:a@b\n> wrote:",
		"Am 1.1.2020 um 10:11 schrieb a:\n| b\n", "De : a\nEnvoyé : b\nÀ : c\n\n\n", "Ⱥ On Jan 1, 2014, a wrote:", strings.Repeat("\xa3", 700) + "I",
		"İΏ\xffb on Jan 1, 2014, a wrote:\n> x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := trim.Text(s)
		require.Equal(t, visible(s), visible(got.Reply+"\n"+got.Rest))
		require.Equal(t, visible(s) == "", visible(got.Reply) == "", "something is always shown")
		require.Equal(t, got.Quoted, got.Rest != "")
	})
}

// visible returns the visible runes of s in a fixed order, so that two texts
// with the same ones are equal.
func visible(s string) string {
	count := map[rune]int{}
	for _, r := range s {
		if unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != unicode.ReplacementChar && r != 0xfffc {
			count[r]++
		}
	}
	return sprint(count)
}
