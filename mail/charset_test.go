package mail_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseDecodesCharsets(t *testing.T) {
	for _, tt := range []struct{ charset, body, want string }{
		{"windows-1252", "\x80", "€"},
		{"ISO-8859-1", "\x80", "€"},
		{"cp1252", "\x80", "€"},
		{"iso-8859-15", "\xa4", "€"},
		{"windows-1251", "\xcf", "П"},
		{"koi8-r", "\xf0", "П"},
		{"windows-1256", "\xc7", "ا"},
		{"iso-8859-8-i", "\xf9", "ש"},
		{"cp850", "\x84", "ä"},
		{"macintosh", "\x8a", "ä"},
		{"shift_jis", "\x93\xfa", "日"},
		{"cp932", "\x87\x40", "①"},
		{"euc-jp", "\xc6\xfc", "日"},
		{"iso-2022-jp", "\x1b$BF|\x1b(B", "日"},
		{"euc-kr", "\xc7\xc1", "프"},
		{"ks_c_5601-1987", "\xc7\xc1", "프"},
		{"iso-2022-kr", "\x1b$)C\x0eGA\x0f", "프"},
		{"big5", "\xa4\xe9", "日"},
		{"gb2312", "\xc8\xd5", "日"},
		{"hz-gb-2312", "~{HU~}", "日"},
		{"utf-16le", "\xe5\x65", "日"},
		{"utf-16", "\xfe\xff\x65\xe5", "日"},
		{"utf8", "日", "日"},
		{"\"utf-8\"", "日", "日"},
		{"unknown-8bit", "\xe4", "ä"},
		{"x-nonsense", "日", "日"},
		{"us-ascii", "日", "日"},
		{"utf-8", "Gr\xfc\xdfe", "Grüße"},
		{"utf-8", "日本\xff語", "日本\ufffd語"},
		{"utf-8", "\xef\xbb\xbfx", "x"},
		{"unicode-1-1-utf-7", "+ZeU-", "日"},
	} {
		t.Run(tt.charset, func(t *testing.T) {
			assert.Equal(t, tt.want, parse(t, "Content-Type: text/plain; charset="+tt.charset+"\n\n"+tt.body).Text[:len(tt.want)])
		})
	}
}
