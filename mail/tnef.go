package mail

// isTNEF recognises Outlook's winmail.dat.
func isTNEF(p *mimePart) bool {
	return p.ctype == "application/ms-tnef" || p.ctype == "application/vnd.ms-tnef"
}

func (c *content) unpackTNEF(*mimePart) error { return nil }
