package trim

import (
	"regexp"
	"strings"
)

var (
	// device begins the line that a phone or program adds, and is followed by
	// "my …" or by a few words.
	device = regexp.MustCompile(`^[(\[<*_>-]*\s*(?:sent (?:from|via|with|using|by|on)|from my (?:iphone|ipad|ipod|android|phone|mobile|blackberry|samsung)|` +
		`(?:diese nachricht wurde )?von meine[mr]|gesendet (?:von|mit|über|via|aus)|diese (?:nachricht|e-mail|mail) wurde (?:von|mit)|` +
		`envoyé (?:de|depuis|à partir|avec|par|via|d'un)|envoye (?:de|depuis)|provenance :|enviado (?:desde|de|do|da|con|com|a partir|por|pelo|mediante|via)|` +
		`enviada (?:do|da|pelo)|inviato (?:da|dal|con|tramite)|verzonden (?:met|vanaf|van|via|door)|verstuurd (?:vanaf|met|van|via|vanuit)|gestuurd vanaf|wysłan[eoy] (?:z|przez|za pomocą)|` +
		`отправлено (?:с|из|со|от|через)|послано с|надіслано (?:з|із|від)|відправлено з|skickat (?:från|med|via)|skickades från|sendt (?:fra|med|via)|` +
		`lähetetty|odesláno z|odesláno ze|odoslané z|poslané z|poslano (?:s|iz|z)|εστάλη από|στάλθηκε από|trimis (?:de pe|din|de la)|enviat (?:des de|amb)|` +
		`dikirim dari|gửi từ|đã gửi từ|được gửi từ|saadetud|nosūtīts no|išsiųsta iš|küldve|elküldve|нашлано|נשלח מ|أرسلت من|مرسل من|أُرسلت من|تم الإرسال من|ส่งจาก|` +
		`发自|發自|来自|來自|寄自|由我的|从我的|從我的|送信元|나의)`)
	// program is a line that advertises a mail program.
	program = regexp.MustCompile(`^[(\[<*_-]*\s*(?:get|hol(?:en sie sich)?|obtenez|télécharge[rz]|obtenir|obtener|obtén|descarga|ottieni|scarica|obter|obtenha|baixe|download|pobierz|` +
		`zdobądź|скачать|скачайте|получить|загрузите|hämta|skaffa|hent|få|skaff|hanki|lataa|získat|stáhnout|letölthető|outlook|获取|取得|下载|下載|dapatkan|tải|nhận|obțineți|λήψη|` +
		`ios版|android版|התקן|قم بتنزيل|احصل على|yahoo mail).{0,40}\b(?:outlook|yahoo mail|bluemail|spark)\b.{0,40}(?:ios|android|iphone|ipad|mobile|mac|phone|https?:)`)
	// own words mark the rest of a device line as such, however long.
	ownWords = regexp.MustCompile(`\b(?:my|mobile|phone|iphone|ipad|android|blackberry|samsung|outlook|meine[mr]|mon|mi|mio|meu|mijn|mojego|min|mitt|mobil|tablet)\b|моего|мого|我的|iphone`)

	// apology follows the name of a device in hand-made lines.
	apology = regexp.MustCompile(`excuse|typo|brevity|spelling|tippfehler|kürze|entschuldig|brièveté|fautes|errores|brevedad|errori|fouten`)
	// deviceEnds are of languages that put the verb last.
	deviceEnds = []string{" gesendet", " gönderildi", "から送信", "より送信", "傳送", "传送", "发送", "에서 보냄", "에서 보냈습니다", "에서 전송", "küldve",
		"from mobile", "from my mobile", "from iphone", "laitteesta", "puhelimesta"}

	contact = regexp.MustCompile(`[^\s@]+@[^\s@]+\.[a-z]|https?://|www\.|\+?\(?\d[\d\s()./-]{6,}\d`)

	legal = regexp.MustCompile(`confidentiality notice|confidential information|may contain confidential|is confidential|are confidential|strictly confidential|` +
		`privileged (?:and|or|information)|intended recipient|intended (?:solely|only) for|intended for the (?:named|use|addressee)|legally privileged|email disclaimer|^disclaimer|` +
		`vertrauliche und|vertrauliche informationen|vertraulich und|nicht der (?:richtige|beabsichtigte|vorgesehene) (?:adressat|empfänger)|irrtümlich erhalten|` +
		`confidentiel(?:le)?s? et|destinataire(?:s)? (?:désigné|prévu|indiqué)|usage exclusif|informations confidentielles|` +
		`información confidencial|carácter confidencial|destinatario (?:indicado|previsto)|uso exclusivo|informazioni (?:confidenziali|riservate)|uso esclusivo|` +
		`informações confidenciais|confidencial e|vertrouwelijke informatie|is vertrouwelijk|niet de (?:beoogde|geadresseerde)|uitsluitend bestemd|` +
		`informacje poufne|wyłącznie dla adresata|конфиденциальн|конфіденційн|konfidentiell|fortrolige? (?:oplysninger|informasjon)|luottamuksellis|důvěrné|bizalmas|gizli(?:dir| bilgi)|` +
		`机密|機密|保密|기밀|please consider the environment|think before you print|bitte denken sie an die umwelt|virus[- ]free|scanned (?:for viruses|by)|avast antivirus`)
)

// mobileLine says whether a line was added by a phone or program.
func mobileLine(low string) bool {
	if len(low) > 140 || strings.HasSuffix(low, ":") {
		return false
	}
	if (strings.Contains(low, "outlook") || strings.Contains(low, "mail") || strings.Contains(low, "spark")) && program.MatchString(low) {
		return true
	}
	if m := device.FindString(low); m != "" {
		rest := strings.Fields(low[len(m):])
		return len(rest) <= 5 || ownWords.MatchString(low) && (len(rest) <= 7 || len(rest) <= 12 && apology.MatchString(low))
	}
	for _, end := range deviceEnds {
		if strings.HasSuffix(strings.TrimRight(low, ".)"), end) {
			return len(strings.Fields(low)) <= 8
		}
	}
	return false
}

// ruleRunes are what lines between parts are made of.
const ruleRunes = "-_=*~#+—–─━═·•."

// dropSignatures marks signatures, phone lines and legal notices in the lines
// from begin to end that still belong to the reply. Each run of kept lines is
// looked at by itself. It leaves text that stands alone.
func dropSignatures(lines []line, begin, end int) {
	text, stop, lastQuote := false, begin, lastKept(lines, begin, end, quote)
	for i := begin; i < end; i++ {
		l := &lines[i]
		if l.drop || l.kind == blank {
			continue
		}
		if i >= stop {
			stop = runEnd(lines, i, end)
		}
		switch {
		case !text:
		case l.kind == mobile && i < lastQuote, l.hint == signature && l.kind != quote:
			l.drop = true
		case l.kind == mobile,
			delimiter(*l) && short(lines[i+1:stop], 30),
			l.kind == rule && onlyOf(l.low, "-_—–", 3) && short(lines[i+1:stop], 10) && hasContact(lines[i+1:stop]):
			dropFrom(lines, i, stop)
		}
		text = text || !l.drop && ownText(*l)
	}
	dropLegal(lines, begin, end)
}

// ownText says whether a line can stand alone as a reply.
func ownText(l line) bool {
	return l.kind == text && l.hint != signature || l.kind == quote
}

func lastKept(lines []line, begin, end int, k kind) int {
	for i := end - 1; i >= begin; i-- {
		if lines[i].kind == k && !lines[i].drop {
			return i
		}
	}
	return -1
}

// delimiter is the line above a signature: "-- " (RFC 3676 section 4.3) and
// what programs make of it.
func delimiter(l line) bool {
	return l.low == "--" || l.low == "__" || l.low == "-- --"
}

// runEnd returns where the run of lines of one voice that holds i ends.
func runEnd(lines []line, i, end int) int {
	for i < end && !lines[i].drop && lines[i].kind != attribution && lines[i].kind != quote {
		i++
	}
	return i
}

func dropFrom(lines []line, i, stop int) {
	for ; i < stop; i++ {
		lines[i].drop = true
	}
}

// textBefore says whether a kept line of text stands before i.
func textBefore(lines []line, begin, i int) bool {
	for i--; i >= begin; i-- {
		if !lines[i].drop && ownText(lines[i]) {
			return true
		}
	}
	return false
}

// short says whether lines are few enough to be a signature.
func short(lines []line, most int) bool {
	n := 0
	for i, l := range lines {
		if l.kind != blank {
			n++
		}
		if n > most || i > 200 {
			return false
		}
	}
	return true
}

// hasContact says whether lines look like a visiting card: a number, address
// or link, and no sentence.
func hasContact(lines []line) bool {
	found := false
	for _, l := range lines {
		if len(l.low) > 80 || l.kind == rule || strings.Count(l.low, " ") > 6 && strings.HasSuffix(l.low, ".") {
			return false
		}
		found = found || contact.MatchString(l.low)
	}
	return found
}

// dropLegal folds the paragraphs at the end that are legal notices.
func dropLegal(lines []line, begin, end int) {
	for range 8 { // paragraphs; chosen, notices come in several languages
		last := end - 1
		for last >= begin && (lines[last].kind == blank || lines[last].kind == rule || lines[last].drop) {
			last--
		}
		first := last
		for first > begin && lines[first-1].kind != blank && lines[first-1].kind != rule && !lines[first-1].drop && last-first < 40 {
			first--
		}
		if first < begin || lines[first].kind != text || !textBefore(lines, begin, first) || !isLegal(lines[first:last+1]) {
			return
		}
		dropFrom(lines, first, last+1)
	}
}

// isLegal says whether a paragraph is a legal notice. One telling phrase does
// in a long paragraph; a short one may be a sentence of the reply.
func isLegal(par []line) bool {
	var b strings.Builder
	for _, l := range par {
		b.WriteString(l.low + " ")
	}
	s := b.String()
	hits := len(legal.FindAllString(s, 3))
	return hits >= 2 || hits == 1 && (len(s) >= 160 || legal.FindStringIndex(s)[0] <= 20)
}
