package mail

import (
	"regexp"
	"strings"
)

// thanks matches a text that says no more than that all is well. The words
// are our own list in the languages that our requesters write most; anything
// longer, or with a question mark, counts as a message that needs reading.
var thanks = regexp.MustCompile(`(?i)^(?:(?:hi|hello|hallo|dear)\b[^\n.!]{0,40}[,.!\n]\s*)?` +
	`(?:(?:ok(?:ay)?|great|perfect|super|wonderful|excellent|awesome|yes|ja|oui|si|sí|good|fine)[\s,.!]*)*` +
	`(?:(?:many |very |so )?(?:thanks|thank you|thx|cheers|danke(?: ?schön)?|vielen dank|merci(?: beaucoup)?|(?:muchas )?gracias|grazie(?: mille)?|obrigad[oa]|bedankt|dank je|tack|takk|tak|kiitos|dziękuję|dzięki|děkuji|köszönöm|спасибо|дякую|谢谢(?:你|您|了)?|非常感谢|感谢|多谢|ありがとう(?:ございます|ございました)?|감사합니다)|it works(?: now| again| fine)?|works now|all good|problem solved|solved|已解决|好了|可以了)` +
	`[\s,.!。！~]*(?:(?:so much|very much|a lot|again|for (?:your|the|all)[^\n?]{0,40}|that (?:fixed|solved|did) it|it works(?: now| again)?|works now|now|everyone|all|team)[\s,.!。！]*)*` +
	`(?:\n[^\n?]{0,60}){0,3}$`)

// maxThanks is the longest text in characters that can be a mere thank-you.
// Chosen: two short sentences and a name.
const maxThanks = 200

// Thanks says whether a reply is only a thank-you, after which a resolved
// matter stays resolved.
func Thanks(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" || len([]rune(text)) > maxThanks || strings.ContainsAny(text, "?？") {
		return false
	}
	for _, word := range []string{" but ", " however", " still ", " not ", "n't ", " aber ", " noch ", " nicht ", " mais ", " pero ", "但", "还是", "仍"} {
		if strings.Contains(strings.ToLower(" "+text+" "), word) {
			return false
		}
	}
	return thanks.MatchString(text)
}
