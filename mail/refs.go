package mail

import "strings"

// Limits on References.
const (
	referencesLimit = 900 // bytes; MAIL.md §2: longer lists have been cut or refused on the way
	keepLast        = 5   // references that are never trimmed, beside the first
	idLimit         = 900 // bytes of one id, so that its line stays below 998
)

// ReplyReferences returns References for an answer to parent, ids without < >:
// the anchor first, then parent's References (if it has none, its In-Reply-To
// when that holds exactly one id), then parent's id. Ids that cannot stand in a
// header are left out. The middle goes when the list grows past about 900
// bytes. parent may be nil for the first mail of a thread.
//
// Source: RFC 5322 §3.6.4; MAIL.md §2.
func ReplyReferences(anchor string, parent *Message) []string {
	var refs []string
	seen := map[string]bool{}
	add := func(ids ...string) {
		for _, id := range ids {
			if sendableID(id) && !seen[id] {
				seen[id] = true
				refs = append(refs, id)
			}
		}
	}
	add(anchor)
	if parent != nil {
		switch {
		case len(parent.References) > 0:
			add(parent.References...)
		case len(parent.InReplyTo) == 1:
			add(parent.InReplyTo...)
		}
		if parent.MessageID != "" && seen[parent.MessageID] { // its own id among its references: the answer wants it last
			refs = without(refs, parent.MessageID)
			delete(seen, parent.MessageID)
		}
		add(parent.MessageID)
	}
	return trimReferences(refs)
}

// trimReferences takes ids from behind the first until the list fits.
func trimReferences(refs []string) []string {
	size := 0
	for _, id := range refs {
		size += len(id) + len("<> ")
	}
	drop := 0
	for size > referencesLimit && len(refs)-drop > 1+keepLast {
		drop++
		size -= len(refs[drop]) + len("<> ")
	}
	if drop == 0 {
		return refs
	}
	return append(refs[:1:1], refs[1+drop:]...)
}

// sendableID says whether a foreign id can be repeated in a header of ours.
func sendableID(id string) bool {
	if id == "" || len(id) > idLimit {
		return false
	}
	for i := 0; i < len(id); i++ {
		if id[i] <= ' ' || id[i] >= 0x7f || strings.IndexByte("<>", id[i]) >= 0 {
			return false
		}
	}
	return true
}

func without(list []string, s string) []string {
	var out []string
	for _, l := range list {
		if l != s {
			out = append(out, l)
		}
	}
	return out
}
