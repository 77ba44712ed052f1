package mail

import (
	"html"
	"regexp"
	"strings"
)

var anyTag = regexp.MustCompile(`<[^>]*>`)

// alternativeText makes the text of a mail that was written as HTML.
func alternativeText(source string) string {
	return strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(source, " ")))
}
