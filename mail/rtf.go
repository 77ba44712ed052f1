package mail

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// rtfPreset is the dictionary that compressed RTF begins with (MS-OXRTFCP
// 2.1.3.1.3).
const rtfPreset = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` +
	"\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

// maxRTF bounds an unpacked RTF body. Chosen.
const maxRTF = 4 << 20

// decompressRTF unpacks a PR_RTF_COMPRESSED value (MS-OXRTFCP); damage ends
// the text.
func decompressRTF(b []byte) []byte {
	if len(b) < 16 {
		return nil
	}
	raw, kind := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	b = b[16:]
	if kind == 0x414C454D { // not compressed
		return b[:min(int64(len(b)), int64(raw))]
	}
	if kind != 0x75465A4C || raw > maxRTF {
		return nil
	}
	out := append(make([]byte, 0, len(rtfPreset)+int(raw)), rtfPreset...)
	end := len(rtfPreset) + int(raw)
	for i := 0; i < len(b) && len(out) < end; {
		flags := b[i]
		i++
		for bit := 0; bit < 8 && len(out) < end; bit++ {
			if flags>>bit&1 == 0 {
				if i >= len(b) {
					return out[len(rtfPreset):]
				}
				out = append(out, b[i])
				i++
				continue
			}
			if i+1 >= len(b) {
				return out[len(rtfPreset):]
			}
			ref := int(b[i])<<8 | int(b[i+1])
			i += 2
			// The reference is a place in a ring of 4096 bytes.
			back := (len(out) - ref>>4) & 4095
			if back == 0 || back > len(out) {
				return out[len(rtfPreset):]
			}
			for n := ref&15 + 2; n > 0; n-- {
				out = append(out, out[len(out)-back])
			}
		}
	}
	return out[len(rtfPreset):]
}

// rtfState is what a group inherits.
type rtfState struct {
	skip    bool // a destination that is no text
	tag     bool // inside \*\htmltag: HTML as it stands
	htmlrtf bool // RTF that repeats HTML
	uc      int  // characters that stand in for one \u
}

// rtfReader turns RTF into text, or into the HTML that Outlook wrapped in it.
type rtfReader struct {
	src     []byte
	i       int
	html    bool
	charset string
	state   rtfState
	stack   []rtfState
	eat     int // characters to drop after \u
	bytes   []byte
	out     strings.Builder
}

// readRTF returns the HTML inside an RTF, or its plain text.
func readRTF(src []byte) (html, text string) {
	if len(src) == 0 {
		return "", ""
	}
	r := &rtfReader{src: src, charset: "cp1252", state: rtfState{uc: 1}}
	r.html = strings.Contains(string(src[:min(len(src), 2000)]), `\fromhtml`)
	for r.i < len(src) {
		r.step()
	}
	r.flush()
	if r.html {
		return clean(r.out.String()), ""
	}
	return "", strings.TrimSpace(clean(r.out.String()))
}

// step reads one character, group mark or control.
func (r *rtfReader) step() {
	c := r.src[r.i]
	r.i++
	switch c {
	case '{':
		if len(r.stack) < 10000 {
			r.stack = append(r.stack, r.state)
		}
	case '}':
		if n := len(r.stack); n > 0 {
			r.state, r.stack = r.stack[n-1], r.stack[:n-1]
		}
	case '\\':
		r.control()
	case '\r', '\n':
	default:
		r.char(c)
	}
}

// char takes one byte of text.
func (r *rtfReader) char(c byte) {
	if r.eat > 0 {
		r.eat--
		return
	}
	if r.visible() {
		r.bytes = append(r.bytes, c)
	}
}

// visible says whether text here belongs to the body.
func (r *rtfReader) visible() bool {
	return !r.state.skip && !r.state.htmlrtf
}

// flush decodes the bytes collected so far.
func (r *rtfReader) flush() {
	if len(r.bytes) > 0 {
		r.out.WriteString(decodeCharset(r.bytes, r.charset, ""))
		r.bytes = r.bytes[:0]
	}
}

func (r *rtfReader) write(s string) {
	if r.visible() {
		r.flush()
		r.out.WriteString(s)
	}
}

// control reads what follows a backslash.
func (r *rtfReader) control() {
	if r.i >= len(r.src) {
		return
	}
	c := r.src[r.i]
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		word, arg := r.word()
		r.apply(word, arg)
		return
	}
	r.i++
	switch c {
	case '\'':
		if r.i+1 < len(r.src) {
			hi, lo := unhex(r.src[r.i]), unhex(r.src[r.i+1])
			r.i += 2
			if hi >= 0 && lo >= 0 {
				r.char(byte(hi<<4 | lo))
			}
		}
	case '*':
		// An unknown destination is to be skipped; \htmltag is the one we know.
		r.state.skip = !strings.HasPrefix(string(r.src[r.i:min(len(r.src), r.i+8)]), `\htmltag`)
	case '~':
		r.write("\u00a0")
	case '\\', '{', '}':
		r.char(c)
	}
}

// word reads a control word and its number, -1 if none.
func (r *rtfReader) word() (string, int) {
	start := r.i
	for r.i < len(r.src) && (r.src[r.i] >= 'a' && r.src[r.i] <= 'z' || r.src[r.i] >= 'A' && r.src[r.i] <= 'Z') {
		r.i++
	}
	word := string(r.src[start:r.i])
	num := r.i
	for r.i < len(r.src) && (r.src[r.i] >= '0' && r.src[r.i] <= '9' || r.src[r.i] == '-' && r.i == num) {
		r.i++
	}
	arg, err := strconv.Atoi(string(r.src[num:r.i]))
	if err != nil {
		arg = -1
	}
	if r.i < len(r.src) && r.src[r.i] == ' ' {
		r.i++
	}
	return word, arg
}

// apply obeys a control word.
func (r *rtfReader) apply(word string, arg int) {
	switch word {
	case "htmltag":
		r.state.tag = true
	case "htmlrtf":
		r.state.htmlrtf = arg != 0
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "themedata", "listtable":
		r.state.skip = true
	case "ansicpg":
		if arg > 0 {
			r.charset = codepageName(arg)
		}
	case "uc":
		r.state.uc = max(arg, 0)
	case "u":
		if arg < 0 {
			arg += 65536
		}
		r.write(string(rune(arg)))
		r.eat = r.state.uc
	case "par", "line", "row":
		r.write("\n")
	case "tab", "cell":
		r.write("\t")
	case "lquote", "rquote":
		r.write("'")
	case "ldblquote", "rdblquote":
		r.write(`"`)
	case "bullet":
		r.write("•")
	case "endash", "emdash":
		r.write("–")
	}
}
