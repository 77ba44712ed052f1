package mail

// isTNEF recognises Outlook's winmail.dat.
func isTNEF(p *part) bool {
	return p.ctype == "application/ms-tnef" || p.ctype == "application/vnd.ms-tnef"
}

func (c *content) unpackTNEF(*part) error { return nil }
