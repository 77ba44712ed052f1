package mail

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// lookupCharset returns the encoding of a charset name by the WHATWG table
// and some names that mails use, nil if unknown. UTF-8, UTF-7 and the vague
// names are not found here.
func lookupCharset(name string) encoding.Encoding {
	if e := ownCharset(name); e != nil {
		return e
	}
	name = usualName(name)
	if e, err := htmlindex.Get(name); err == nil {
		if n, _ := htmlindex.Name(e); n == "replacement" {
			return nil
		}
		return e
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	if e, err := ianaindex.IANA.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

// ownCharset returns encodings that the WHATWG table lacks or means otherwise.
func ownCharset(name string) encoding.Encoding {
	switch name {
	case "gb2312", "gbk", "gb18030", "gb_2312-80", "cp936", "ms936", "windows-936", "x-gbk", "euc-cn", "chinese":
		return simplifiedchinese.GB18030
	case "hz-gb-2312", "hz":
		return simplifiedchinese.HZGB2312
	case "cp949", "ms949", "uhc", "x-windows-949", "windows-949", "ks_c_5601", "ks_c_5601-1989":
		return korean.EUCKR
	case "utf-16", "utf16", "ucs-2", "unicode":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf-32", "ucs-4":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case "utf-32be":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	case "latin-1", "latin_1", "iso8859", "iso-8859", "iso_8859", "8859-1", "8859_1", "windows", "ansi", "western", "iso-latin-1", "windows-latin-1":
		return charmap.Windows1252
	}
	return nil
}

// usualName maps spellings found in mails to the usual name.
func usualName(name string) string {
	switch name {
	case "cp932", "ms932", "windows-932", "x-sjis-jp", "shift-jis", "sjis", "shift_jisx0213":
		return "shift_jis"
	case "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-ms", "cp50220", "cp50221", "csiso2022jp2", "jis":
		return "iso-2022-jp"
	case "eucjp", "euc_jp", "eucjp-ms", "cp51932":
		return "euc-jp"
	case "big5-hkscs", "big5hkscs", "cp950", "ms950", "windows-950", "big-5":
		return "big5"
	}
	for _, fix := range [][2]string{
		{"cp125", "windows-125"}, {"win-125", "windows-125"}, {"windows125", "windows-125"}, {"win125", "windows-125"}, {"x-cp125", "windows-125"},
		{"cp-125", "windows-125"}, {"ms-125", "windows-125"}, {"windows_125", "windows-125"},
		{"iso8859-", "iso-8859-"}, {"iso_8859_", "iso-8859-"}, {"iso8859_", "iso-8859-"}, {"8859-", "iso-8859-"}, {"iso-8859_", "iso-8859-"},
		{"koi8r", "koi8-r"}, {"koi8u", "koi8-u"}, {"cp8", "ibm8"}, {"cp4", "ibm4"}, {"dos-", "ibm"}, {"dos", "ibm"},
	} {
		if rest, ok := strings.CutPrefix(name, fix[0]); ok {
			return fix[1] + rest
		}
	}
	return name
}

// isUTF8 says whether a folded charset name means UTF-8.
func isUTF8(name string) bool {
	switch name {
	case "utf-8", "utf8", "unicode-1-1-utf-8", "utf_8", "utf-8n", "utf8mb4", "cp65001", "x-utf-8", "unicode20utf8", "x-unicode20utf8", "utf-", "uft-8", "utf-8-sig":
		return true
	}
	return false
}

func isUTF7(name string) bool {
	switch name {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-utf-7", "unicode-2-0-utf-7", "x-unicode-2-0-utf-7":
		return true
	}
	return false
}
