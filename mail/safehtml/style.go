package safehtml

import (
	"strconv"
	"strings"
)

// properties is the allow-list of CSS: nothing that positions, overlays,
// animates, generates content or loads. True means that a negative length is
// harmless. The map is read only.
var properties = map[string]bool{
	"background": false, "background-color": false, "border": false, "border-bottom": false, "border-bottom-color": false,
	"border-bottom-style": false, "border-bottom-width": false, "border-collapse": false, "border-color": false,
	"border-left": false, "border-left-color": false, "border-left-style": false, "border-left-width": false,
	"border-radius": false, "border-right": false, "border-right-color": false, "border-right-style": false,
	"border-right-width": false, "border-spacing": false, "border-style": false, "border-top": false,
	"border-top-color": false, "border-top-style": false, "border-top-width": false, "border-width": false,
	"color": false, "direction": false, "display": false, "font-family": false, "font-size": false, "font-style": false,
	"font-variant": false, "font-weight": false, "height": false, "letter-spacing": false, "line-height": false,
	"list-style-type": false, "margin": false, "margin-bottom": false, "margin-left": false, "margin-right": false,
	"margin-top": false, "max-width": false, "overflow-wrap": false, "padding": false, "padding-bottom": false,
	"padding-left": false, "padding-right": false, "padding-top": false, "table-layout": false, "text-align": false,
	"text-decoration": false, "text-indent": true, "text-transform": false, "vertical-align": true, "white-space": false,
	"width": false, "word-break": false, "word-wrap": false,
}

// displays are the values of display that keep the order of reading.
var displays = map[string]bool{"none": true, "block": true, "inline": true, "inline-block": true, "inline-table": true,
	"list-item": true, "table": true, "table-cell": true, "table-row": true, "table-row-group": true}

// style reduces the text of a style attribute to harmless declarations. Every
// value is read token by token; an escape, a comment, a quote out of place or
// an unknown function drops the declaration.
func style(s string) string {
	var out []string
	for decl := range strings.SplitSeq(s, ";") {
		name, val, ok := strings.Cut(decl, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		negative, known := properties[name]
		if !ok || !known {
			continue
		}
		val = strings.TrimSpace(val)
		if lower := strings.ToLower(val); strings.HasSuffix(lower, "!important") {
			val = strings.TrimSpace(val[:len(val)-len("!important")])
		}
		if name == "font-family" {
			ok = fontNames(val)
		} else {
			val, ok = cssValue(strings.ToLower(val), negative)
			ok = ok && (name != "display" || displays[val])
		}
		if ok {
			out = append(out, name+": "+val)
		}
	}
	return strings.Join(out, "; ")
}

// cssValue checks a lower-case value and sets its blanks right.
func cssValue(s string, negative bool) (string, bool) {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }), " ")
	rest := s
	for rest != "" {
		tok := rest
		if i := strings.IndexAny(rest, " ,"); i >= 0 {
			tok = rest[:i]
		}
		if strings.ContainsRune(tok, '(') {
			end := strings.IndexByte(rest, ')')
			if end < 0 {
				return "", false
			}
			tok = rest[:end+1]
		}
		if tok != "" && !cssToken(tok, negative) {
			return "", false
		}
		rest = strings.TrimLeft(rest[len(tok):], " ,")
	}
	return s, s != ""
}

func cssToken(tok string, negative bool) bool {
	switch c := tok[0]; {
	case c == '#' || strings.ContainsRune(tok, '('):
		return colour(tok)
	case c >= 'a' && c <= 'z':
		return word(tok)
	}
	if strings.HasPrefix(tok, "-") && !negative {
		return tok == "-0" || tok == "-0px"
	}
	digits := strings.TrimRight(strings.TrimLeft(tok, "+-"), "abcdefghijklmnopqrstuvwxyz%")
	unit := strings.TrimLeft(tok, "+-")[len(digits):]
	n, err := strconv.ParseFloat(digits, 64)
	return err == nil && strings.Trim(digits, "0123456789.") == "" && n <= 5000 && units[unit]
}

var units = map[string]bool{"": true, "%": true, "px": true, "pt": true, "em": true, "ex": true, "rem": true, "ch": true,
	"cm": true, "mm": true, "in": true, "pc": true}

// colour says whether a lower-case value is a colour: a name, #hex, rgb() or
// hsl() of numbers.
func colour(s string) bool {
	if hex, ok := strings.CutPrefix(s, "#"); ok {
		return len(hex) >= 3 && len(hex) <= 8 && strings.Trim(hex, "0123456789abcdef") == ""
	}
	name, args, isFunc := strings.Cut(s, "(")
	if !isFunc {
		return s != "" && len(s) <= 30 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
	}
	args, closed := strings.CutSuffix(args, ")")
	return closed && (name == "rgb" || name == "rgba" || name == "hsl" || name == "hsla") &&
		len(args) <= 60 && strings.Trim(args, "0123456789.,% ") == ""
}

// fontNames says whether s is a list of font names, quoted or not.
func fontNames(s string) bool {
	if s == "" || len(s) > 500 {
		return false
	}
	for name := range strings.SplitSeq(s, ",") {
		name = strings.TrimSpace(name)
		if n := len(name); n >= 2 && (name[0] == '"' || name[0] == '\'') && name[n-1] == name[0] {
			name = name[1 : n-1]
		}
		if name == "" || !only(name, " -_.") {
			return false
		}
	}
	return true
}
