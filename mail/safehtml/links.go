package safehtml

import (
	"encoding/base64"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"github.com/deskbell/deskbell/mail/markup"
)

// link returns the address that a link may keep, "" if none, and what to show
// as its true target: the host as an A-label, or the mail address or number.
func link(raw string) (href, target string) {
	s := tidy(raw)
	if strings.HasPrefix(strings.ToLower(s), "www.") {
		s = "http://" + s // a common slip of hands and of mail programs
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || len(s) > maxURL {
		return "", ""
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "http", "https":
		return web(scheme, rest)
	case "mailto":
		addr, _, _ := strings.Cut(rest, "?")
		addr, err := url.PathUnescape(addr)
		if err != nil || strings.ContainsAny(addr, "<>\"\\") {
			return "", ""
		}
		return "mailto:" + rest, plain(addr)
	case "tel":
		if rest == "" || !only(rest, "+-.()*#;=% ") {
			return "", ""
		}
		return "tel:" + rest, rest
	}
	return "", ""
}

// tidy removes what a browser removes from an address before reading it:
// outer blanks and controls, and tabs and newlines anywhere; and with them
// every other control and bidi override. WHATWG URL, section 4.4.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, plain(s))
	return strings.Trim(s, " \u00a0\ufeff")
}

// web rebuilds an http address as a browser reads it: backslashes are
// slashes, any number of slashes opens the authority. The name and password
// before an @ go, because they only serve to mislead.
func web(scheme, rest string) (href, host string) {
	cut := strings.IndexAny(rest, "?#")
	if cut < 0 {
		cut = len(rest)
	}
	rest = strings.ReplaceAll(rest[:cut], `\`, "/") + rest[cut:]
	rest = strings.TrimLeft(rest, "/")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, path := rest[:end], rest[end:]
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	name, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		name, port = authority[:i], authority[i+1:]
	}
	if host = hostName(name); host == "" || port != "" && !number(port, 65535) {
		return "", ""
	}
	if port != "" {
		port = ":" + port
	}
	return scheme + "://" + host + port + path, host
}

// hostName returns the A-label form of a host, "" if it is none.
func hostName(s string) string {
	if strings.HasPrefix(s, "[") {
		if strings.HasSuffix(s, "]") && only(s[1:len(s)-1], ":.") {
			return strings.ToLower(s)
		}
		return ""
	}
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil {
		ascii = strings.ToLower(s) // underscores and long labels are seen in the wild
	}
	if ascii == "" || len(ascii) > 253 || !only(ascii, ".-_") {
		return ""
	}
	return ascii
}

// image decides on the source of an image: remote ones are blocked, parts of
// the mail are mapped, small data images stay. Without a source an image
// with an alternative text still shows that.
func (c *cleaner) image(n *markup.Node, attrs []markup.Attr) ([]markup.Attr, bool) {
	src := tidy(n.Get("src"))
	if src == "" {
		src = tidy(n.Get("data-remote-src"))
	}
	scheme, rest, _ := strings.Cut(src, ":")
	switch strings.ToLower(scheme) {
	case "http", "https":
		if href, _ := web(strings.ToLower(scheme), rest); href != "" && len(href) <= maxURL {
			c.res.RemoteImages++
			return append(attrs, markup.Attr{Key: "data-remote-src", Val: href}), true
		}
	case "cid":
		if u := c.cid(rest); u != "" {
			return append(attrs, markup.Attr{Key: "src", Val: u}), true
		}
	case "data":
		if len(src) > maxDataImage {
			c.flag(ImageTooLarge)
		} else if u := dataImage(rest); u != "" {
			return append(attrs, markup.Attr{Key: "src", Val: u}), true
		}
	}
	return attrs, strings.TrimSpace(plain(n.Get("alt"))) != ""
}

func (c *cleaner) cid(raw string) string {
	id, err := url.PathUnescape(raw)
	if err != nil {
		id = raw
	}
	id = strings.Trim(tidy(strings.ToValidUTF8(id, "")), "<>")
	if id == "" || len(id) > maxURL {
		return ""
	}
	if !c.cids[id] {
		c.cids[id] = true
		c.res.CIDs = append(c.res.CIDs, id)
	}
	if c.opt.CID == nil {
		return "cid:" + url.PathEscape(id)
	}
	return c.opt.CID(id)
}

// dataImage takes the part of a data: URL after the colon and returns the URL
// if it is a raster image in base64 (RFC 2397), else "".
func dataImage(rest string) string {
	head, data, _ := strings.Cut(rest, ",")
	head = strings.ToLower(head)
	switch head {
	case "image/png;base64", "image/jpeg;base64", "image/jpg;base64", "image/gif;base64", "image/webp;base64":
	default:
		return ""
	}
	if _, err := base64.StdEncoding.DecodeString(data); err != nil || data == "" {
		return ""
	}
	return "data:" + head + "," + data
}
