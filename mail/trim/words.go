package trim

import "strings"

// The words by which mail programs introduce quotes, in lower case with plain
// apostrophes. Sources: MAIL.md section 3, and the translations of Gmail,
// Outlook, Apple Mail, Thunderbird, Yahoo and Zimbra.
var (
	// verbs end or carry an attribution: "… wrote:". Of verbs of several words
	// ("a écrit", "ha scritto") the telling one.
	verbs = words(`wrote|writes|written|schrieb|schreibt|geschrieben|écrit|écrivait|ecrit|escribió|escribio|escribe|escrito|scritto|scrisse|scrive|
		escreveu|escreve|schreef|geschreven|schrijft|napisał|napisała|pisze|написал|написала|написали|пишет|писал|пише|написав|пишуть|
		skrev|skreiv|skriver|kirjoitti|kirjoittaa|napsal|napsala|napísal|napísala|píše|írta|yazdı|yazmış|έγραψε|έγραψαν|scris|написа|
		napisao|napisala|napisal|написао|kirjutas|rakstīja|rašė|menulis|escriure|escrit|escribiu|viết|כתב|כתבה|كتب|كتبت|نوشت|เขียน|เขียนว่า|skrifaði`)
	// verbsJoined need no blank around them.
	verbsJoined = []string{"写道", "寫道", "撰写", "書きました", "のメール", "のメッセージ", "作成", "작성", "님의 말", "写了", "来信"}

	// openers begin an attribution when a date follows.
	openers = words(`on|am|le|el|il|il giorno|in data|em|no dia|op|w dniu|dnia|den|dne|dňa|στις|την|vào|vào lúc|vào ngày|at|pada|la|în data|в|у|
		på|בתאריך|ביום|في|بتاريخ|в|на|dana|fecha|mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday|
		mo|di|mi|do|fr|sa|so|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lun|mar|mer|jeu|ven|sam|dim|lundi|mardi|mercredi|jeudi|
		vendredi|samedi|dimanche|mié|jue|vie|sáb|dom|seg|ter|qua|qui|sex|gio|sab|ma|wo|za|zo|pn|pon|wt|śr|czw|pt|sob|niedz|ndz|man|tir|tirs|ons|tor|
		tors|fre|lør|søn|mån|tis|tors|lör|sön|ti|ke|to|pe|su|po|út|st|čt|pá|ne|пн|вт|ср|чт|пт|сб|вс|нд|joi|vin|mie|sâm|lun|κυρ|δευ|τρί|τετ|πέμ|παρ|σάβ`)
	openersJoined = []string{"在", "于", "於"}

	// originals stand alone above a quoted message, between dashes.
	originals = words(`original message|original mail|original email|original e-mail|original appointment|originalnachricht|original-nachricht|
		ursprüngliche nachricht|urspr. nachricht|ursprungliche nachricht|ursprüngliche e-mail|originale nachricht|message d'origine|message original|message initial|
		mail original|e-mail d'origine|courriel original|mensaje original|mensagem original|messaggio originale|messaggio originario|
		oorspronkelijk bericht|origineel bericht|oorspronkelijke bericht|oprindelig meddelelse|original meddelelse|oprindelig besked|
		opprinnelig melding|original melding|opprinnelig e-post|ursprungligt meddelande|originalmeddelande|ursprungsmeddelande|
		alkuperäinen viesti|oryginalna wiadomość|wiadomość oryginalna|oryginalny e-mail|wiadomość pierwotna|původní zpráva|
		původní e-mail|pôvodná správa|eredeti üzenet|исходное сообщение|оригинальное сообщение|исходное письмо|первоначальное сообщение|
		вихідне повідомлення|оригінальне повідомлення|orijinal mesaj|orijinal ileti|özgün ileti|özgün mesaj|mesaj original|mesajul original|
		αρχικό μήνυμα|原始邮件|邮件原件|原始郵件|原始信件|原始訊息|原邮件|元のメッセージ|原文|オリジナルメッセージ|원본 메시지|원본 메일|원본메일|
		הודעה מקורית|ההודעה המקורית|الرسالة الأصلية|رسالة أصلية|thư gốc|tin nhắn gốc|izvorna poruka|originalna poruka|izvirno sporočilo|
		missatge original|pesan asli|algne kiri|originali žinutė|sākotnējais ziņojums|ข้อความต้นฉบับ|reply message`)

	// forwards stand alone above a message that is passed on as content.
	forwards = words(`forwarded message|begin forwarded message|forwarded by|start of forwarded message|forwarded mail|forwarded email|weitergeleitete nachricht|
		weitergeleitete e-mail|anfang der weitergeleiteten nachricht|anfang der weitergeleiteten e-mail|message transféré|message transmis|
		courriel transféré|début du message transféré|début du message réexpédié|début de l'e-mail transféré|mensaje reenviado|inicio del mensaje reenviado|
		messaggio inoltrato|inizio messaggio inoltrato|mensagem encaminhada|mensagem reencaminhada|início da mensagem encaminhada|
		início da mensagem reenviada|doorgestuurd bericht|doorgestuurde bericht|begin doorgestuurd bericht|vidarebefordrat meddelande|
		vidarebefordrat brev|vidarebefordrat mejl|börja vidarebefordrat brev|videresendt meddelelse|videresendt besked|videresendt melding|
		videresendt e-post|start på videresendt besked|videresendt e-mail|välitetty viesti|välitetty viesti alkaa|wiadomość przekazana|przekazana wiadomość|treść przekazanej wiadomości|
		początek przekazywanej wiadomości|přeposlaná zpráva|přeposlaný e-mail|preposlaná správa|továbbított üzenet|továbbított levél|пересылаемое сообщение|
		пересланное сообщение|перенаправленное сообщение|начало переадресованного сообщения|начало пересылаемого сообщения|
		переслане повідомлення|переслане|iletilen mesaj|iletilmiş ileti|iletilen ileti|yönlendirilmiş ileti|mesaj redirecționat|mesaj redirectionat|
		προωθημένο μήνυμα|转发的邮件|转发邮件信息|转发邮件|轉寄的郵件|已轉寄的郵件|轉寄郵件|下面是被转发的邮件|転送されたメッセージ|転送メッセージ|転送されたメール|
		전달된 메시지|전달된 메일|전달한 메시지|הודעה שהועברה|הודעה מועברת|رسالة معاد توجيهها|الرسالة المعاد توجيهها|tin nhắn được chuyển tiếp|
		thư đã chuyển tiếp|thư được chuyển tiếp|proslijeđena poruka|posredovano sporočilo|missatge reenviat|pesan terusan`)

	// marks are our own and other desks' lines above which to answer.
	marks = []string{"reply above this line", "type your reply above", "reply above the line", "write your reply above", "oberhalb dieser linie",
		"oberhalb dieser zeile", "über dieser linie", "über dieser zeile", "au-dessus de cette ligne", "encima de esta línea", "por encima de esta linea",
		"sopra questa linea", "acima desta linha", "boven deze lijn", "boven deze regel", "powyżej tej linii", "выше этой линии", "ovanför denna rad"}
)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.SplitSeq(list, "|") {
		m[strings.TrimSpace(w)] = true
	}
	return m
}
