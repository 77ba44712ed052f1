package mail

import "strings"

// unusable says whether a plain part says nothing, so that the text is taken
// from the HTML: it is empty, or a short notice that one should look at the
// HTML.
func unusable(plain, fromHTML string) bool {
	p := strings.TrimSpace(plain)
	if p == "" {
		return true
	}
	if len(p) > 400 || len(strings.TrimSpace(fromHTML)) <= len(p) {
		return false
	}
	p = strings.ToLower(p)
	for _, s := range stubPhrases() {
		if strings.Contains(p, s) {
			return true
		}
	}
	return false
}

// stubPhrases are what senders put where a plain text should be.
func stubPhrases() []string {
	return []string{
		"view this email in your browser", "view this email in a browser", "view in browser", "view in a browser", "view it in your browser",
		"view this message in", "html capable", "html-capable", "html compatible", "html-compatible", "html enabled", "html-enabled",
		"does not support html", "doesn't support html", "not support html", "unable to view html", "cannot display html", "can't display html",
		"cannot view html", "supports html", "this is an html", "this is a html", "html format", "html version", "html email", "html e-mail",
		"html-version", "html-format", "im browser anzeigen", "im browser ansehen", "html-e-mail", "html-mail",
		"voir cet email dans", "version en ligne", "ver en el navegador", "visualizza nel browser", "bekijk in browser",
	}
}
