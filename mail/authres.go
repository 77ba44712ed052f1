package mail

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Verdict is what a check of a mail's origin came to.
type Verdict string

// The verdicts. Unknown is a mail that nobody checked, or whose domain
// publishes nothing to check against.
const (
	AuthUnknown Verdict = ""
	AuthPass    Verdict = "pass"
	AuthFail    Verdict = "fail"
)

// AuthResult says whether the domain of From vouches for a mail.
type AuthResult struct {
	Verdict Verdict
	Server  string // authserv-id whose word was taken, "" if none
	Reason  string // code for the screen: "dmarc", "dkim", "spf", "several_from", "no_from", "" if unknown
	Methods []AuthMethod
}

// AuthMethod is one result of an Authentication-Results field.
type AuthMethod struct {
	Name, Result string            // lower case, as in dkim, pass
	Props        map[string]string // "header.d" → "example.org"; lower case
}

// authFieldLimit bounds the bytes read of one field (chosen; real ones of the
// corpus stay below 2 KB).
const authFieldLimit = 16 << 10

// Authenticate reads the topmost Authentication-Results field that one of
// servers wrote; every other field is forgeable and ignored. A server named ""
// stands for fields without authserv-id, as Exchange writes them. A mail with
// several From mailboxes, or none, fails: there is nobody to vouch for.
//
// Source: RFC 8601; SECURITY-REQUIREMENTS C7.
func Authenticate(m *Message, servers []string) AuthResult {
	var res AuthResult
	for _, f := range m.Header {
		if !strings.EqualFold(f.Name, "Authentication-Results") {
			continue
		}
		server, methods := parseAuthResults(f.Value)
		if hasFold(servers, server) {
			res.Server, res.Methods = server, methods
			break
		}
	}
	switch len(m.From) {
	case 0:
		res.Verdict, res.Reason = AuthFail, "no_from"
	case 1:
		_, domain, _ := cutAddress(Fold(m.From[0].Addr))
		res.Verdict, res.Reason = judge(res.Methods, domain)
	default:
		res.Verdict, res.Reason = AuthFail, "several_from"
	}
	return res
}

// judge prefers the server's own DMARC result. Without one it looks for an
// aligned pass of DKIM or SPF; only an aligned SPF fail counts against.
func judge(methods []AuthMethod, domain string) (Verdict, string) {
	var aligned, refused string
	dmarc := AuthUnknown
	for _, m := range methods {
		switch {
		case m.Name == "dmarc" && m.Result == "fail":
			dmarc = AuthFail
		case m.Name == "dmarc" && m.Result == "pass" && dmarc == AuthUnknown && dmarcCovers(m, domain):
			dmarc = AuthPass
		case m.Name == "dkim" && m.Result == "pass" && (alignedWith(domain, m.Props["header.d"]) || alignedWith(domain, m.Props["header.i"])):
			aligned = "dkim"
		case m.Name == "spf" && m.Result == "pass" && alignedWith(domain, m.Props["smtp.mailfrom"]):
			if aligned == "" {
				aligned = "spf"
			}
		case m.Name == "spf" && m.Result == "fail" && alignedWith(domain, m.Props["smtp.mailfrom"]):
			refused = "spf"
		}
	}
	switch {
	case dmarc != AuthUnknown:
		return dmarc, "dmarc"
	case aligned != "":
		return AuthPass, aligned
	case refused != "":
		return AuthFail, refused
	}
	return AuthUnknown, ""
}

func dmarcCovers(m AuthMethod, domain string) bool {
	from, ok := m.Props["header.from"]
	return !ok || domainOf(from) == domain
}

// alignedWith is relaxed alignment: both have the same organisational domain.
func alignedWith(domain, claim string) bool {
	claim = domainOf(claim)
	if domain == "" || claim == "" {
		return false
	}
	if domain == claim {
		return true
	}
	a, errA := publicsuffix.EffectiveTLDPlusOne(domain)
	b, errB := publicsuffix.EffectiveTLDPlusOne(claim)
	return errA == nil && errB == nil && a == b
}

// domainOf takes a domain or an address, with or without local part.
func domainOf(s string) string {
	return strings.Trim(s[strings.LastIndexByte(s, '@')+1:], "<>. ")
}

func hasFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

// parseAuthResults is tolerant: comments may hold semicolons, the server's
// name may be missing, "=" may stand alone. What it cannot read it leaves out.
func parseAuthResults(value string) (server string, methods []AuthMethod) {
	if len(value) > authFieldLimit {
		value = value[:authFieldLimit]
	}
	for i, words := range authWords(value) {
		if i == 0 && (len(words) == 0 || !strings.Contains(words[0], "=")) {
			if len(words) > 0 {
				server = words[0]
			}
			continue
		}
		if m, ok := authMethod(words); ok {
			methods = append(methods, m)
		}
	}
	return server, methods
}

func authMethod(words []string) (AuthMethod, bool) {
	if len(words) == 0 {
		return AuthMethod{}, false
	}
	name, result, ok := strings.Cut(words[0], "=")
	name, _, _ = strings.Cut(name, "/")
	m := AuthMethod{Name: strings.ToLower(name), Result: strings.ToLower(result), Props: map[string]string{}}
	for _, w := range words[1:] {
		k, v, found := strings.Cut(w, "=")
		k = strings.ToLower(k)
		if _, twice := m.Props[k]; found && !twice {
			m.Props[k] = strings.ToLower(v)
		}
	}
	return m, ok && m.Name != "" && m.Result != ""
}

// authWords cuts a field at semicolons, then at blanks, outside of comments
// and quoted strings; a lone "=" binds its neighbours.
func authWords(s string) [][]string {
	var (
		all    [][]string
		words  []string
		word   strings.Builder
		depth  int
		quoted bool
		has    bool
	)
	flush := func() {
		if !has {
			return
		}
		w := word.String()
		last := len(words) - 1
		if last >= 0 && (strings.HasPrefix(w, "=") || strings.HasSuffix(words[last], "=")) {
			words[last] += w
		} else {
			words = append(words, w)
		}
		word.Reset()
		has = false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (quoted || depth > 0) && i+1 < len(s):
			i++
			if depth == 0 {
				word.WriteByte(s[i])
			}
		case depth > 0:
			if c == '(' {
				depth++
			} else if c == ')' {
				depth--
			}
		case c == '"':
			quoted, has = !quoted, true
		case quoted:
			word.WriteByte(c)
		case c == '(':
			depth++
			flush()
		case c == ';':
			flush()
			all, words = append(all, words), nil
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			flush()
		default:
			word.WriteByte(c)
			has = true
		}
	}
	flush()
	return append(all, words)
}
