package collections

import (
	"strings"

	"github.com/pocketbase/pocketbase/core"
)

// DeskSettings is the typed view of the one record of settings.
type DeskSettings struct{ *core.Record }

// FindSettings reads the desk's settings.
func FindSettings(app core.App) (DeskSettings, error) {
	r, err := remembered(app, Settings, func() (*core.Record, error) { return app.FindFirstRecordByFilter(Settings, "id != ''") })
	if err != nil {
		return DeskSettings{}, err
	}
	return DeskSettings{r.Fresh()}, nil
}

// Organization is the name under which the desk writes.
func (s DeskSettings) Organization() string { return s.GetString("name") }

// PublicURL is the address of the desk without a slash at the end, "" while
// none is set: then no mail carries a link.
func (s DeskSettings) PublicURL() string {
	return strings.TrimRight(s.GetString("public_url"), "/")
}

// Locale is the language of mails to people who have none: "en" or "zh".
func (s DeskSettings) Locale() string { return locale(s.GetString("locale")) }

// ReopenDays is how many calendar days a resolved ticket may be reopened.
func (s DeskSettings) ReopenDays() int { return s.GetInt("reopen_days") }

// CloseDays is after how many business days a resolved ticket closes.
func (s DeskSettings) CloseDays() int { return s.GetInt("close_days") }

// MaxMail is the size in bytes of the largest mail that is taken.
func (s DeskSettings) MaxMail() int64 { return int64(s.GetInt("max_mail_mb")) << 20 }

// SenderQuota is how many mails an hour one unknown sender may write, 0 for
// no bound.
func (s DeskSettings) SenderQuota() int { return s.GetInt("sender_quota") }

// TotalQuota is how many mails an hour are taken in all, 0 for no bound.
func (s DeskSettings) TotalQuota() int { return s.GetInt("total_quota") }

// AckQuota is how many acknowledgements an hour one sender gets.
func (s DeskSettings) AckQuota() int { return s.GetInt("ack_quota") }

// AutoQuota is how many acknowledgements and notices an hour are sent in all,
// 0 for no bound.
func (s DeskSettings) AutoQuota() int { return s.GetInt("auto_quota") }

// Acknowledges says whether a new ticket that comes by mail is answered with
// its number.
func (s DeskSettings) Acknowledges() bool { return s.GetBool("acknowledge") }
