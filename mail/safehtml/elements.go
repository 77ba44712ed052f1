package safehtml

import (
	"slices"
	"strconv"
	"strings"

	"github.com/deskbell/deskbell/mail/markup"
)

// elements is the allow-list: the attributes of each element beside those of
// everyElement. A body becomes a div, so that its colours are kept. The map
// is read only.
var elements = map[string]string{
	"a": "", "abbr": "", "acronym": "", "address": "", "article": "", "aside": "", "b": "", "bdi": "", "big": "",
	"blockquote": "", "br": "", "caption": "", "center": "", "cite": "", "code": "", "col": "span width", "colgroup": "span width",
	"dd": "", "del": "", "dfn": "", "div": "", "dl": "", "dt": "", "em": "", "figcaption": "", "figure": "",
	"font": "color face size", "footer": "", "h1": "", "h2": "", "h3": "", "h4": "", "h5": "", "h6": "", "header": "",
	"hr": "width size color", "i": "", "img": "alt width height border", "ins": "", "kbd": "", "li": "value", "main": "", "mark": "",
	"nav": "", "ol": "start type reversed", "p": "", "pre": "", "q": "", "rp": "", "rt": "", "ruby": "", "s": "", "samp": "",
	"section": "", "small": "", "span": "", "strike": "", "strong": "", "sub": "", "sup": "",
	"table": "width height border cellpadding cellspacing bgcolor", "tbody": "", "td": "width height colspan rowspan bgcolor nowrap",
	"tfoot": "", "th": "width height colspan rowspan bgcolor nowrap scope", "thead": "", "time": "", "tr": "height bgcolor",
	"tt": "", "u": "", "ul": "type", "var": "", "wbr": "",
}

const everyElement = "style dir lang title align valign"

// allowed returns what may be written of an element; false means that only
// its content may.
func (c *cleaner) allowed(n *markup.Node, level int) (string, []markup.Attr, bool) {
	tag := n.Tag
	if tag == "body" {
		tag = "div"
	}
	own, ok := elements[tag]
	if !ok {
		return "", nil, false
	}
	attrs := c.plainAttrs(n, strings.Fields(everyElement+" "+own))
	switch tag {
	case "a":
		href, host := link(n.Get("href"))
		if href == "" {
			return "", nil, false
		}
		attrs = append(attrs, markup.Attr{Key: "href", Val: href}, markup.Attr{Key: "data-host", Val: host},
			markup.Attr{Key: "target", Val: "_blank"}, markup.Attr{Key: "rel", Val: "noopener noreferrer"})
	case "img":
		if attrs, ok = c.image(n, attrs); !ok {
			return "", nil, false
		}
	}
	if level == 0 && isolated[tag] && !slices.ContainsFunc(attrs, func(a markup.Attr) bool { return a.Key == "dir" }) {
		attrs = append(attrs, markup.Attr{Key: "dir", Val: "auto"})
	}
	return tag, attrs, true
}

// isolated lists the blocks that, at the top, get their own direction.
var isolated = map[string]bool{"div": true, "p": true, "blockquote": true, "pre": true, "ul": true, "ol": true, "table": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "section": true, "article": true}

// plainAttrs returns the attributes of n that are in names and whose values
// are harmless, in the order of names, each once.
func (c *cleaner) plainAttrs(n *markup.Node, names []string) []markup.Attr {
	var out []markup.Attr
	if len(n.Attr) == 0 {
		return nil
	}
	for _, name := range names {
		i := slices.IndexFunc(n.Attr, func(a markup.Attr) bool { return a.Key == name })
		if i < 0 {
			continue
		}
		if val, ok := c.value(name, n.Attr[i].Val); ok {
			out = append(out, markup.Attr{Key: name, Val: val})
		}
	}
	return out
}

// value checks one attribute value and returns the form to be written.
func (c *cleaner) value(name, val string) (string, bool) {
	switch name {
	case "style":
		if len(val) > maxStyle {
			c.flag(StyleTooLarge)
			return "", false
		}
		val = style(val)
		return val, val != ""
	case "title", "alt":
		return strings.TrimSpace(plain(val)), true
	case "reversed", "nowrap":
		return "", true
	}
	val = strings.TrimSpace(val)
	lower := strings.ToLower(val)
	switch name {
	case "dir":
		return lower, lower == "ltr" || lower == "rtl" || lower == "auto"
	case "align", "valign", "scope":
		return lower, word(lower)
	case "lang":
		return val, word(val)
	case "type":
		return val, len(val) == 1 && word(val) || lower == "disc" || lower == "circle" || lower == "square"
	case "color", "bgcolor":
		return lower, colour(lower)
	case "face":
		return val, fontNames(val)
	case "size", "start", "value":
		return val, number(strings.TrimLeft(val, "+-"), 1000)
	case "colspan", "rowspan", "span":
		return val, number(val, 1000)
	}
	return val, number(strings.TrimSuffix(strings.TrimSuffix(lower, "px"), "%"), 5000) // width, height, border, cell…
}

// number says whether s is a whole number from 0 to most.
func number(s string, most int) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && int(n) <= most
}

// word says whether s is 1 to 35 letters, digits and dashes (RFC 5646 for
// language tags).
func word(s string) bool {
	return s != "" && len(s) <= 35 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == "" &&
		only(s, "-")
}

// only says whether s holds nothing but ASCII letters, digits and the given.
func only(s, extra string) bool {
	for _, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && !strings.ContainsRune(extra, r) {
			return false
		}
	}
	return true
}
