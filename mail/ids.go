package mail

import "strings"

// maxIDs bounds the ids that are kept of References: the newest count.
// Chosen: far above what mailers keep.
const maxIDs = 200

// firstID returns the id of a Message-ID field without brackets.
func firstID(value string) string {
	if i := strings.IndexByte(value, '<'); i >= 0 {
		rest := value[i+1:]
		if j := strings.IndexByte(rest, '>'); j >= 0 {
			return squeeze(rest[:j])
		}
		return squeeze(rest)
	}
	return squeeze(strings.Trim(value, "> \t"))
}

// allIDs returns every <id> of a field in order. A field without brackets
// gives its words that look like ids.
func allIDs(value string) []string {
	out := []string{}
	rest := value
	for {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
		j := strings.IndexByte(rest, '>')
		if j < 0 {
			j = len(rest)
		}
		if id := squeeze(rest[:j]); id != "" {
			out = append(out, id)
		}
		rest = rest[min(j+1, len(rest)):]
	}
	if len(out) == 0 && strings.IndexByte(value, '<') < 0 {
		for _, w := range strings.Fields(value) {
			if w = strings.Trim(w, ">,;\"'()"); strings.Contains(w, "@") {
				out = append(out, w)
			}
		}
	}
	if n := len(out); n > maxIDs {
		out = append(out[:1:1], out[n-maxIDs+1:]...)
	}
	return out
}

// squeeze removes blanks inside an id, which folding leaves there.
func squeeze(s string) string {
	return clean(strings.Join(strings.Fields(s), ""))
}
