package demo

import (
	"fmt"
	"strings"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
)

const (
	teamDesk    = "Service Desk"
	teamNetwork = "Network"
	teamApps    = "Applications"
	teamWork    = "Workplace"
)

var teamNames = []string{teamDesk, teamNetwork, teamApps, teamWork}

var agents = []struct{ name, role, team, locale string }{
	{"Kim Reyes", collections.RoleLead, teamDesk, "en"},
	{"Sam Okafor", collections.RoleAgent, teamDesk, "en"},
	{"Lena Vogt", collections.RoleAgent, teamDesk, "en"},
	{"Tomás Silva", collections.RoleAgent, teamNetwork, "en"},
	{"Ingrid Dahl", collections.RoleLead, teamNetwork, "en"},
	{"陈思远", collections.RoleAgent, teamApps, "zh"},
	{"Priya Nair", collections.RoleAgent, teamApps, "en"},
	{"Joris Bakker", collections.RoleAgent, teamWork, "en"},
}

type organization struct {
	name, domain string
	shares       bool
	people       []string
}

var organizations = []organization{
	{"Northwind Freight", "northwind.example", true, []string{"Ada Müller", "Bo Lindqvist", "Carmen Ortiz", "Dmitri Sokolov", "Elif Kaya", "Farid Haddad", "Grace Osei", "Henrik Lund", "Isabel Costa", "Jakub Nowak", "Karin Weber", "Liam Walsh"}},
	{"Clearwater Clinic", "clearwater.example", false, []string{"Maya Cohen", "Noah Fischer", "Olga Petrova", "Paul Martin", "Quinn Taylor", "Rosa Romano", "Sven Berg", "Tariq Aziz", "Uma Patel", "Vera Novák"}},
	{"东方贸易", "dongfang.example", true, []string{"王芳", "李强", "张敏", "刘洋", "赵磊", "孙丽", "周杰", "吴霞"}},
}

// address is the mail address of the n-th person. Names in Chinese are
// spelled by their place, since an address is easier typed in ASCII.
func (o organization) address(n int) string {
	if a := address(o.people[n], o.domain); !strings.HasPrefix(a, "@") && !strings.HasPrefix(a, ".") {
		return a
	}
	return fmt.Sprintf("staff%d@%s", n+1, o.domain)
}

var plain = strings.NewReplacer("ü", "ue", "ö", "oe", "ä", "ae", "á", "a", "í", "i", "ø", "o", "Á", "a")

func address(name, domain string) string {
	local := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r
		case r == ' ':
			return '.'
		}
		return -1
	}, plain.Replace(strings.ToLower(name)))
	if local == "" {
		local = "siyuan.chen" // the one agent whose name has no Latin letters
		if domain != "desk.example" {
			local = ""
		}
	}
	return local + "@" + domain
}

func firstName(name string) string {
	first, _, _ := strings.Cut(name, " ")
	return first
}

var services = map[string]string{"E-mail": teamApps, "VPN": teamNetwork, "Wi-Fi": teamNetwork, "Laptops": teamWork, "Printing": teamWork, "ERP": teamApps, "Accounts": teamDesk, "Telephony": teamNetwork}

var categories = map[string]string{"Access": teamDesk, "Hardware": teamWork, "Software": teamApps, "Network": teamNetwork, "Mail": teamApps, "Printing": teamWork, "Telephone": teamNetwork}

var (
	devices = []string{"ThinkPad T14", "Latitude 5440", "MacBook Air", "Surface Pro 9", "EliteBook 840"}
	rooms   = []string{"2.14", "3.07", "4.21", "the warehouse office", "Berlin", "reception", "meeting room Elbe"}
	apps    = []string{"the ERP client", "Teams", "Outlook", "the CRM", "the time sheet", "Acrobat"}
	waits   = []string{itil.AwaitingSupplier, itil.AwaitingRequester, itil.Scheduled}
	openBy  = []string{collections.ChannelEmail, collections.ChannelEmail, collections.ChannelEmail, collections.ChannelPortal, collections.ChannelPhone}
)
