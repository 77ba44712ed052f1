package mail_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tnefWriter builds a winmail.dat.
type tnefWriter struct{ bytes.Buffer }

func (w *tnefWriter) u32(v uint32) { _ = binary.Write(&w.Buffer, binary.LittleEndian, v) } // a buffer does not fail

func (w *tnefWriter) attr(level byte, id uint32, data []byte) {
	w.WriteByte(level)
	w.u32(id)
	w.u32(uint32(len(data)))
	w.Write(data)
	w.Write([]byte{0, 0}) // checksum, not read
}

// property makes a list of one property of variable length.
func property(tag uint32, data []byte) []byte {
	w := &tnefWriter{}
	w.u32(1)
	w.u32(tag)
	w.u32(1)
	w.u32(uint32(len(data)))
	w.Write(data)
	w.Write(make([]byte, (4-len(data)%4)%4))
	return w.Bytes()
}

func newTNEF() *tnefWriter {
	w := &tnefWriter{}
	w.u32(0x223E9F78)
	w.Write([]byte{1, 0})
	w.attr(1, 0x00069007, []byte{0xE4, 4, 0, 0, 0, 0, 0, 0}) // code page 1252
	return w
}

func tnefMail(raw []byte) string {
	return "Subject: x\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(raw) + "\n"
}

func TestParseUnpacksWinmail(t *testing.T) {
	w := newTNEF()
	w.attr(1, 0x0002800C, []byte("Gr\xfc\xdfe\r\n\x00"))
	w.attr(2, 0x00069002, make([]byte, 14))
	w.attr(2, 0x00018010, []byte("SHORT~1.TXT\x00"))
	w.attr(2, 0x0006800F, []byte("the bytes"))
	w.attr(2, 0x00069005, property(0x3707001F, []byte("l\x00o\x00n\x00g\x00.\x00t\x00x\x00t\x00\x00\x00")))
	m := parse(t, tnefMail(w.Bytes()))
	assert.Equal(t, "Grüße", m.Text)
	require.Len(t, m.Attachments, 2)
	assert.Equal(t, "winmail.dat", m.Attachments[0].Name, "the original is kept")
	inner := m.Attachments[1]
	assert.True(t, inner.Unpacked)
	assert.Equal(t, "long.txt", inner.Name)
	assert.Equal(t, int64(9), inner.Size)
	rc, err := inner.Open()
	require.NoError(t, err)
	b, err := io.ReadAll(rc)
	require.NoError(t, err)
	assert.Equal(t, "the bytes", string(b))
}

func TestParseReadsRTFOfWinmail(t *testing.T) {
	// Source: MS-OXRTFCP 4.1.1.
	compressed, err := hex.DecodeString("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320" + "68656c090020627705b06c647d0a800fa0")
	require.NoError(t, err)
	w := newTNEF()
	w.attr(1, 0x00069003, property(0x10090102, compressed))
	assert.Equal(t, "hello world", parse(t, tnefMail(w.Bytes())).Text)

	rtf := `{\rtf1\ansi\ansicpg1252\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}\htmlrtf \par\htmlrtf0 Gr\'fc\'dfe \u8364?5{\*\htmltag72 </p>}{\*\mhtmltag x}}`
	plain := &tnefWriter{}
	plain.u32(uint32(len(rtf) + 12))
	plain.u32(uint32(len(rtf)))
	plain.u32(0x414C454D)
	plain.u32(0)
	plain.WriteString(rtf)
	w = newTNEF()
	w.attr(1, 0x00069003, property(0x10090102, plain.Bytes()))
	m := parse(t, tnefMail(w.Bytes()))
	assert.Equal(t, "<p>Grüße €5</p>", m.HTML)
	assert.Equal(t, "Grüße €5\n", m.Text)
	assert.True(t, m.TextMade)
}

func TestParseSurvivesDamagedWinmail(t *testing.T) {
	w := newTNEF()
	w.attr(2, 0x00069002, nil)
	w.attr(2, 0x0006800F, []byte("the bytes"))
	w.attr(1, 0x00069003, []byte{255, 255, 255, 255, 0x1E, 0x10, 0, 0x80})
	raw := w.Bytes()
	for n := range raw {
		m := parse(t, tnefMail(raw[:n]))
		for _, a := range m.Attachments {
			rc, err := a.Open()
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, rc)
			require.NoError(t, err)
		}
	}
}
