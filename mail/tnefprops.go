package mail

import (
	"encoding/binary"
	"strings"
)

// prop is one MAPI property with its first value.
type prop struct {
	kind, id uint16
	data     []byte
}

// text reads a string value.
func (p prop) text(t *tnef) string {
	if p.kind == 0x1F {
		return strings.TrimRight(decodeCharset(p.data, "utf-16le", ""), "\x00")
	}
	return t.decode(p.data)
}

// propReader reads a property list; bad tells that it ended too early.
type propReader struct {
	b   []byte
	bad bool
}

func (r *propReader) u32() uint32 {
	if len(r.b) < 4 {
		r.bad = true
		return 0
	}
	v := binary.LittleEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

// take returns n bytes and steps over their padding to four.
func (r *propReader) take(n uint32) []byte {
	if int64(n) > int64(len(r.b)) {
		r.bad = true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[min(int(n+3)&^3, len(r.b)):]
	return v
}

// readProps reads a property list (MS-OXTNEF 2.1.3.4) up to the first damage.
func readProps(data []byte) []prop {
	r := &propReader{b: data}
	var out []prop
	for n := r.u32(); n > 0 && !r.bad; n-- {
		tag := r.u32()
		p := prop{kind: uint16(tag), id: uint16(tag >> 16)}
		if p.id >= 0x8000 {
			r.name()
		}
		r.values(&p)
		if !r.bad {
			out = append(out, p)
		}
	}
	return out
}

// name steps over the name of a named property.
func (r *propReader) name() {
	r.take(16)
	if r.u32() == 0 {
		r.u32()
		return
	}
	r.take(r.u32())
}

// values reads the values of p and keeps the first.
func (r *propReader) values(p *prop) {
	many := p.kind&0x1000 != 0
	p.kind &^= 0x1000
	size := uint32(0)
	switch p.kind {
	case 0x02, 0x03, 0x04, 0x0A, 0x0B:
		size = 4
	case 0x05, 0x06, 0x07, 0x14, 0x40:
		size = 8
	case 0x48:
		size = 16
	case 0x1E, 0x1F, 0x0D, 0x102:
		many = true
	default:
		r.bad = true
		return
	}
	count := uint32(1)
	if many {
		count = r.u32()
	}
	for i := uint32(0); i < count && !r.bad; i++ {
		n := size
		if n == 0 {
			n = r.u32()
		}
		if v := r.take(n); i == 0 {
			p.data = v
		}
	}
}
