package trim

import (
	"strings"
)

// field is a field of a quoted message's header.
type field uint8

const (
	from field = 1 << iota
	date
	to
	subject
	other
)

// labels names the fields in the languages of mail programs.
var labels = labelTable(map[field]string{
	from: "from|von|de|da|van|od|från|fra|lähettäjä|от|от кого|отправитель|від|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람|발신자|מאת|من|từ|người gửi|από|" +
		"kimden|gönderen|feladó|expéditeur|expeditor|de la|remitente|mittente|remetente|pengirim|dari|nadawca|absender|afzender|avsändare|avsender|saatja|nuo|no|pošiljatelj|šalje|od koga",
	date: "sent|date|gesendet|datum|envoyé|envoyé le|date d'envoi|enviado|enviado el|enviado em|enviada em|fecha|data|inviato|verzonden|wysłano|data wysłania|skickat|sendt|dato|" +
		"lähetetty|päivämäärä|päiväys|отправлено|дата|надіслано|发送时间|发送日期|日期|寄件日期|傳送時間|時間|时间|送信日時|日時|日付|보낸 날짜|날짜|보낸날짜|נשלח|תאריך|" +
		"تاريخ الإرسال|التاريخ|أرسلت|ngày|đã gửi|ngày gửi|ημερομηνία|στάλθηκε|εστάλη|tarih|gönderme tarihi|gönderildi|elküldve|küldve|dátum|trimis|odesláno|odoslané|dne|poslano|" +
		"message du|gesendet am|erstellt am|dikirim|tanggal|saadetud|išsiųsta|sent at|date sent|data/hora|zeit",
	to: "to|an|à|a|para|aan|do|till|til|vastaanottaja|кому|收件人|收件者|宛先|받는 사람|받는사람|수신자|אל|إلى|đến|tới|người nhận|προς|kime|alıcı|címzett|către|per|komu|pro|" +
		"destinataire|destinatario|destinatário|za|kepada|empfänger|kam|ontvanger|prima",
	subject: "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|ämne|emne|aihe|тема|主题|主旨|件名|제목|נושא|الموضوع|chủ đề|tiêu đề|θέμα|konu|tárgy|subiect|předmět|predmet|" +
		"sujet|assumpte|zadeva|perihal|subjek|teema|tema|betr",
	other: "cc|kopie|copie|copie à|cópia|copia|kopia|kopi|kopio|копия|копія|抄送|副本|참조|עותק|نسخة|reply-to|antwort an|répondre à|responder a|bcc|importance|wichtigkeit|" +
		"attachments|anlagen|pièces jointes|organization|priority|priorität|list|message-id|newsgroups|κοιν.|bilgi|másolatot kap|cc to|blind copy|gesendet von|résumé",
})

func labelTable(byField map[field]string) map[string]field {
	m := map[string]field{}
	for f, list := range byField {
		for label := range strings.SplitSeq(list, "|") {
			m[label] |= f
		}
	}
	return m
}

// fieldOf says which field a line holds, 0 if none. Stars are Outlook's bold
// type in plain text.
func fieldOf(low string) field {
	i := strings.IndexByte(low, ':')
	if i < 1 || i > 40 {
		return 0
	}
	return labels[strings.Trim(low[:i], " *_|>\t")]
}

// maxHeader is how many lines a header of a quoted message has at most, blank
// and wrapped ones included. Chosen.
const maxHeader = 16

// headerEnd returns the line after the header of a quoted message that begins
// at line i, 0 if there is none: a sender and at least two more fields, one
// of them a date or subject. After a line of dashes one more is enough.
func headerEnd(lines []line, i int) int {
	if fieldOf(lines[i].low)&(from|date|to|subject) == 0 {
		return 0
	}
	var seen field
	end, count, stray := i, 0, 0
	for k := i; k < len(lines) && k < i+maxHeader && lines[k].kind != quote && stray <= 2; k++ {
		f := fieldOf(lines[k].low)
		switch {
		case f != 0:
			if seen&f != f {
				count++
			}
			seen |= f
			end, stray = k+1, 0
		case lines[k].kind != blank:
			stray++ // a wrapped line
		case k+1 < len(lines) && fieldOf(lines[k+1].low) == 0:
			stray = 3
		}
	}
	least := 3
	if p := prevSeen(lines, i); p >= 0 && (lines[p].kind == rule || lines[p].kind == header) {
		least = 2
	}
	if seen&from == 0 || seen&(date|subject) == 0 || count < least {
		return 0
	}
	if end < len(lines) && strings.HasPrefix(lines[end].low, "<") {
		end++ // the wrapped address of the last field
	}
	return end
}

// titled returns what stands between the dashes of a title line such as
// "-----Original Message-----", "" if it is none.
func titled(low string) (title string, dashes bool) {
	if len(low) > 120 {
		return "", false
	}
	title = strings.Trim(low, "-_=*#>:<~+ —–|[]\"'.")
	return title, strings.Count(low, "-")+strings.Count(low, "_")+strings.Count(low, "=")+strings.Count(low, "*")+
		strings.Count(low, "—")*2+strings.Count(low, "–")*2+strings.Count(low, "~") >= 2
}

// original says whether line i is the title of a quoted message.
func original(lines []line, i int) bool {
	low := lines[i].low
	title, dashes := titled(low)
	if originals[title] {
		n := nextSeen(lines, i+1)
		return dashes || n < len(lines) && (headerEnd(lines, n) > 0 || lines[n].kind == quote)
	}
	for _, m := range marks {
		if strings.Contains(low, m) && len(low) < 200 {
			return true
		}
	}
	return false
}

// forwarded says whether line i is the title of a message that is passed on.
// The mark of a quote before it does not count.
func forwarded(lines []line, i int) bool {
	low := strings.ToLower(strings.TrimLeft(lines[i].low, "> "))
	title, dashes := titled(low)
	if strings.HasPrefix(title, "forwarded by ") {
		return dashes
	}
	return forwards[title] && (dashes || strings.HasSuffix(low, ":") || fieldOf(nextLow(lines, i)) != 0)
}

func nextLow(lines []line, i int) string {
	n := nextSeen(lines, i+1)
	if n >= len(lines) {
		return ""
	}
	return strings.ToLower(strings.TrimLeft(lines[n].low, "> "))
}
