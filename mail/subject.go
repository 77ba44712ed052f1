package mail

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// subjectLimit is how many bytes of a subject are looked at for tags (chosen;
// a tag stands in front).
const subjectLimit = 4096

// answerMarks are the words that mail programs put before a subject when they
// answer or forward, in lower case after NFKC.
//
// Source: the list of MAIL.md §2, and the same words of further Outlook and
// Thunderbird translations.
var answerMarks = markSet(
	"re", "aw", "wg", "sv", "vs", "vb", "antw", "odp", "pd", "rif", "r", "rv", "enc", "tr", "fwd", "fw",
	"ynt", "ilt", "i\u0307lt", "ref", "ответ", "на", "回复", "答复", "转发", "回覆", "返信", "転送", "답장", "השב", "رد",
	"antwort", "res", "i", "doorst", "vl", "fs", "bls", "atb", "vá", "továbbítás", "σχετ", "απ", "πρθ",
	"отв", "отг", "пересл", "перенапр", "hl", "答覆", "轉寄", "轉發", "轉呈", "回復", "전달", "회신", "העבר", "הועבר", "إعادة توجيه",
	"trả lời", "chuyển tiếp", "ret", "转发", "réf", "rép",
)

func markSet(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[norm.NFKC.String(w)] = true
	}
	return set
}

// markCount is the number that some programs put behind a mark: Re[2], Re(2),
// Re^2, Re*2.
var markCount = regexp.MustCompile(`\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|[\^*]\d{1,2})$`)

// BaseSubject returns s without the marks of answers and forwards before it,
// repeated and in any language. What follows, list tags like [staff] included,
// is kept.
func BaseSubject(s string) string {
	for {
		s = strings.TrimLeftFunc(s, blankOrInvisible)
		rest, ok := cutMark(s)
		if !ok {
			return strings.TrimRightFunc(s, unicode.IsSpace)
		}
		s = rest
	}
}

// cutMark takes one mark with its colon off the front.
func cutMark(s string) (rest string, ok bool) {
	for i, n := 0, 0; i < len(s) && n < 32; n++ {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == ':' || r == '：' || r == '︓' || r == '﹕' {
			return s[i+size:], isMark(s[:i])
		}
		i += size
	}
	return "", false
}

func isMark(word string) bool {
	word = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, word)
	word = strings.TrimSpace(strings.ToLower(norm.NFKC.String(word)))
	return answerMarks[word] || answerMarks[markCount.ReplaceAllString(word, "")]
}

func blankOrInvisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

// SubjectTag is what a subject says about a thread. It proves nothing until
// [Keyring.VerifyTag] accepts it.
type SubjectTag struct {
	Label  string // as written, such as INC-42
	Number int64  // the digits of the label
	Key    string // "" if the tag has none, as when a person typed it
}

var subjectTags = regexp.MustCompile(`(?i)\[\s*#?\s*([a-z]{0,8}[-#]?([1-9][0-9]{0,17}))(?:[\s\x{00a0}_]+k([a-z2-7]{10}))?\s*\]`)

// FindTag returns the tags of a subject, in order, at most five.
func FindTag(subject string) []SubjectTag {
	if len(subject) > subjectLimit {
		subject = subject[:subjectLimit]
	}
	var tags []SubjectTag
	for _, m := range subjectTags.FindAllStringSubmatch(subject, 5) {
		if n, ok := threadNumber(m[2]); ok {
			tags = append(tags, SubjectTag{Label: m[1], Number: n, Key: lowerASCII(m[3])})
		}
	}
	return tags
}

// ReplySubject returns the subject of a mail that we send on a thread: Re:,
// the tag, and the base of subject without the keyed tags it may hold already.
// [Compose] accepts it whatever subject holds.
func ReplySubject(tag, subject string) string {
	base := subjectTags.ReplaceAllStringFunc(subject, func(found string) string {
		if t := FindTag(found); len(t) == 1 && t[0].Key != "" {
			return " "
		}
		return found
	})
	base = strings.Join(strings.Fields(CleanHeader(BaseSubject(base))), " ")
	return strings.TrimSpace("Re: " + strings.TrimSpace(tag+" "+base))
}
