package mail

import "strings"

// autoSubject says whether a subject is that of an automatic answer. strong:
// it begins with a phrase that only machines write.
func autoSubject(subject string) (strong, weak bool) {
	s := strings.ToLower(strings.TrimSpace(subject))
	for _, p := range autoSubjects() {
		if rest, ok := strings.CutPrefix(s, p); ok && startsNoWord(rest) {
			return true, true
		}
	}
	return false, false
}

// startsNoWord says that a phrase ends where rest begins.
func startsNoWord(rest string) bool {
	if rest == "" {
		return true
	}
	c := rest[0]
	return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9')
}

// autoSubjects are the beginnings by which mailers name absence notes and
// acknowledgements, in lower case.
func autoSubjects() []string {
	return []string{
		"automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "automated response",
		"automated reply", "automatic response", "auto:", "out of office", "out-of-office", "out of the office", "ooo:", "vacation reply",
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
