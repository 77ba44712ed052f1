package mail

import "strings"

// markSecured notes encryption and signatures.
func (c *content) markSecured(p *mimePart) {
	switch p.ctype {
	case "multipart/encrypted", "application/pgp-encrypted":
		c.notes.add(NoteEncrypted)
	case "multipart/signed":
		c.notes.add(NoteSigned)
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		switch strings.ToLower(p.params["smime-type"]) {
		case "signed-data":
			c.notes.add(NoteSigned)
		case "certs-only":
		default:
			c.notes.add(NoteEncrypted)
		}
	}
}

// markPGP notes PGP blocks in the text.
func (c *content) markPGP() {
	if strings.Contains(c.text, "-----BEGIN PGP MESSAGE-----") {
		c.notes.add(NoteEncrypted)
	}
	if strings.Contains(c.text, "-----BEGIN PGP SIGNED MESSAGE-----") {
		c.notes.add(NoteSigned)
	}
}
