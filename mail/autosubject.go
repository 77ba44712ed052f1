package mail

import "strings"

// autoSubject says whether a subject is that of an automatic answer. sure: no
// person writes so, whatever the header says.
func autoSubject(subject string) (is, sure bool) {
	s := strings.ToLower(strings.TrimSpace(subject))
	for _, p := range autoSubjects() {
		rest, ok := strings.CutPrefix(s, p)
		if !ok || !endsPhrase(p, rest) {
			continue
		}
		rest = strings.TrimSpace(rest)
		colon := strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "：") || strings.HasSuffix(p, ":")
		return true, colon && containsAny(p, automaticStems())
	}
	return false, false
}

// endsPhrase says whether the phrase p stands for itself before rest, so that
// "Out of office message, how?" is none.
func endsPhrase(p, rest string) bool {
	if rest == "" || strings.HasSuffix(p, ":") {
		return true
	}
	rest = strings.TrimSpace(rest)
	for _, next := range []string{"", ":", "：", "-", "–", "—", "!", ".", "[", "(", "*", "re:", "aw:", "fw", "sv:", "from", "until", "till", "bis ", "von", "to ", "|", "/", "<", "\"", "„"} {
		if next == "" && rest == "" || next != "" && strings.HasPrefix(rest, next) {
			return true
		}
	}
	return false
}

// automaticStems are the parts of a phrase that say "automatic".
func automaticStems() []string {
	return []string{"auto", "otomat", "автом", "авто", "αυτόμ", "אוטומט", "תלקא", "تلقائي", "自动", "自動", "자동", "อัตโนมัติ", "tự động", "sjálfvirk", "samodejn"}
}

// autoSubjects are the beginnings by which mailers name absence notes and
// acknowledgements, in lower case.
func autoSubjects() []string {
	return []string{
		"automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "automated response",
		"automated reply", "automatic response", "auto:", "out of office", "out-of-office", "out of the office", "out of office autoreply", "out of office reply", "out of office response", "out of office message", "ooo:", "i am out of", "i'm out of", "vacation reply",
		"automatische antwort", "automatische antwoord", "automatisch antwoord", "abwesenheitsnotiz", "abwesend:", "abwesenheit:", "abwesenheitsbenachrichtigung",
		"abwesenheitsmeldung", "abwesenheitsassistent", "automatisches antwort", "außer haus",
		"réponse automatique", "reponse automatique", "absence du bureau", "message d'absence", "absent du bureau", "notification d'absence",
		"respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina", "resposta automática", "resposta automatica", "ausência", "fora do escritório",
		"risposta automatica", "fuori sede", "fuori ufficio", "assenza:", "niet aanwezig", "afwezig", "afwezigheid", "afwezigheidsbericht", "autosvar", "automatiskt svar", "automatisk svar", "automatisk besvarelse", "frånvaro", "fravær",
		"automaattinen vastaus", "poissaolo", "automatická odpověď", "automatická odpoveď", "automatycza odpowiedź", "automatyczna odpowiedź", "autoodpowiedź", "odpowiedź automatyczna",
		"automatikus válasz", "otomatik yanıt", "otomatik cevap", "автоматический ответ", "автоответ", "автоматична відповідь", "автоматичен отговор", "автоматски одговор",
		"αυτόματη απάντηση", "תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي", "الرد التلقائي", "自动答复", "自动回复", "自動回覆", "自動回應", "自動応答", "自動返信", "不在通知", "自動答覆",
		"자동 회신", "자동 응답", "부재 중", "ตอบกลับอัตโนมัติ", "การตอบกลับอัตโนมัติ", "trả lời tự động", "thư trả lời tự động", "balasan otomatis", "jawapan automatik",
		"răspuns automat", "automatski odgovor", "samodejni odgovor", "automatinis atsakymas", "automātiska atbilde", "automātiskā atbilde", "automaatvastus", "automaatne vastus",
		"sjálfvirkt svar", "erantzun automatikoa", "resposta automàtica",
	}
}
