package fetch

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// closed4 are the IPv4 networks that are not of the public internet.
//
// Source: IANA IPv4 Special-Purpose Address Registry; RFC 5771 (multicast)
var closed4 = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
)

// open6 is the only part of IPv6 that is routed in public; closed6 are its
// holes: Teredo and other protocol assignments, documentation, 6to4. Mapped
// addresses, NAT64, unique local, link-local and multicast lie outside open6.
//
// Source: IANA IPv6 Special-Purpose Address Registry
var (
	open6   = netip.MustParsePrefix("2000::/3")
	closed6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}

// Public says whether an address belongs to the public internet. Forms that
// carry an IPv4 address inside (mapped, 6to4, NAT64, Teredo, ISATAP) do not:
// where they lead is decided elsewhere.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	if a.Is4() {
		return !within(a, closed4)
	}
	return open6.Contains(a) && !within(a, closed6) && !isatap(a)
}

func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// isatap recognises the interface identifiers of RFC 5214 §6.1.
func isatap(a netip.Addr) bool {
	b := a.As16()
	id := binary.BigEndian.Uint32(b[8:12])
	return id == 0x00005efe || id == 0x02005efe
}

// endsInNumber says whether a browser would read a host as an IPv4 address:
// 2130706433, 0x7f.1 and 127.1 are.
//
// Source: WHATWG URL §3.5, "ends in a number"
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if last == "" {
		return true // an empty label is no host either
	}
	digits := "0123456789"
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		last, digits = hex, "0123456789abcdef"
	}
	return strings.Trim(last, digits) == ""
}
