package mail_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/deskbell/deskbell/mail"
)

func TestThanksTellsAThankYouFromAMessage(t *testing.T) {
	for text, want := range map[string]bool{
		"Thanks!":                                 true,
		"Thank you very much":                     true,
		"Great, thanks, it works now.\n\nAda":     true,
		"Hi Sam,\nthank you for your help!\nAda":  true,
		"Vielen Dank!":                            true,
		"谢谢！":                                     true,
		"It works now":                            true,
		"Thanks, but it still fails":              false,
		"Thanks. Can you also reset my password?": false,
		"It does not work":                        false,
		"The printer is broken again":             false,
		"":                                        false,
		"谢谢，但是还是不行":                               false,
	} {
		assert.Equal(t, want, mail.Thanks(text), text)
	}
}
