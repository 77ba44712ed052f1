package hooks

// listen starts the SMTP and LMTP listeners that are switched on.
func (m *Mails) listen(life *Lifecycle, l Listeners) error { return nil }
